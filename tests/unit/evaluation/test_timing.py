"""From notice to control, by the institutions' answers."""

from datetime import UTC, datetime, timedelta

import pytest

from cleanroom.contracts.messages import AnswerMessage, WarningStanding
from cleanroom.evaluation.timing import held_cents, notice_to_control, seconds_to_control
from cleanroom.vocabulary.terms import AnswerKind

SENT = datetime(2026, 3, 1, tzinfo=UTC)


def standing(*answers, participant="808", number=1):
    said = tuple(
        AnswerMessage(warning_id=f"{number:032x}", participant=participant, answer=kind, action="none", reason="r",
                      answered_at=SENT + timedelta(seconds=s), held_cents=held, signing_kid="k", signature="s")
        for kind, s, held in answers
    )  # fmt: skip
    return WarningStanding(warning_id=f"{number:032x}", participant=participant, kind="mule", severity="normal",
                           composed_at=SENT, delivered_at=SENT, attempts=1, answers=said)  # fmt: skip


def test_only_control_stops_the_clock():
    reviewed, controlled = (AnswerKind.REVIEWING, 5, 0), (AnswerKind.CONTROLLED, 60, 900)
    assert seconds_to_control(standing(reviewed)) is None
    assert seconds_to_control(standing(reviewed, controlled)) == 60


def test_a_clock_that_runs_behind_gives_no_negative_time():
    assert seconds_to_control(standing((AnswerKind.CONTROLLED, -3, 0))) == 0


def test_percentiles_are_times_that_happened():
    warnings = [standing((AnswerKind.CONTROLLED, s, 0), number=s) for s in range(1, 21)]
    found = notice_to_control([*warnings, standing(participant="822")])
    assert found["808"] == {"warnings": 20, "answered": 20, "controlled": 20, "p50_seconds": 10, "p95_seconds": 19}
    assert found["822"] == {"warnings": 1, "answered": 0, "controlled": 0, "p50_seconds": None, "p95_seconds": None}
    assert found["all"]["warnings"] == 21 and found["all"]["controlled"] == 20


@pytest.mark.parametrize("seconds, p50, p95", [([7], 7, 7), ([1, 2], 1, 2), ([3, 1, 2], 2, 3)])
def test_few_answers(seconds, p50, p95):
    found = notice_to_control([standing((AnswerKind.CONTROLLED, s, 0), number=s) for s in seconds])["all"]
    assert (found["p50_seconds"], found["p95_seconds"]) == (p50, p95)


def test_what_is_held_is_what_the_last_answer_says():
    undone = standing((AnswerKind.CONTROLLED, 1, 500), (AnswerKind.DISMISSED, 2, 0))
    assert held_cents([undone, standing((AnswerKind.CONTROLLED, 1, 70)), standing()]) == 70


def test_without_warnings_there_is_one_empty_line():
    assert notice_to_control([])["all"]["warnings"] == 0

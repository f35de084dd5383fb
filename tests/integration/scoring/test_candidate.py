"""The life of a candidate over several weeks, by the real steps and a moved clock.

Each test goes on from where the one before stands. A day is one more day of data: every cut-off moves by it.
"""

import json
import re
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from cleanroom.governance import candidates
from cleanroom.governance.evidence import Estimate
from cleanroom.governance.policy import load_policy
from cleanroom.governance.suspension import Drift
from cleanroom.pipeline import artefacts, candidate, drift, gate, scoring, shadow_view
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState
from tests.factories.scoring_release import publish, waive

WEEK = timedelta(days=7)
THIRD = datetime.now(UTC) - timedelta(minutes=1)  # people sign then, by their own clock
MONDAYS = [THIRD - 2 * WEEK, THIRD - WEEK, THIRD, THIRD + WEEK]
FOURTH = MONDAYS[3]
SEEN: dict[str, str] = {}


def week(room, monday: datetime) -> dict:
    """What the weekly DAG does, with the detail of both steps."""
    trained = scoring.train(room, now=monday).detail
    return trained | scoring.evaluate(room, developer="dev", now=monday).detail


def score_days(room, days: int) -> None:
    tables = ("scoring.account_features", "scoring.account_labels")
    for _ in range(days):
        room.warehouse.transact([(f"update {t} set as_of = as_of + interval 1 day", []) for t in tables])
        scoring.score(room, shadow=True)


def outcome(room, release_id: str, metric: str):
    return next(c for c in room.portal.release(release_id).draft.controls if c.metric == metric)


def test_the_first_run_trains_and_drafts_and_submits_nothing_yet(room):
    found = week(room, MONDAYS[0])
    SEEN["first"], SEEN["artefact"] = found["release_id"], found["artefact"]

    assert found["kept"] is False and found["state"] == "evaluated"
    assert "ROB-4-04" in found["lacks"]
    score_days(room, 7)


def test_the_second_run_keeps_the_candidate_and_counts_its_days(room):
    first = room.portal.release(SEEN["first"]).draft
    found = week(room, MONDAYS[1])
    second = room.portal.release(SEEN["first"]).draft

    assert found["kept"] is True and found["artefact"] == SEEN["artefact"]
    assert found["release_id"] == SEEN["first"] and list(room.portal.drafted) == [SEEN["first"]]
    assert "kept" in found["candidate"] and "續留" in found["candidate_zh_hant"]
    days = outcome(room, SEEN["first"], "shadow_days")
    assert (days.value, days.outcome) == (7, ControlOutcome.FAIL)
    assert outcome(room, SEEN["first"], "psi_score").value is not None, "its own drift"
    assert second.evaluated_at - first.evaluated_at == WEEK
    assert second.model_card["drift_reference"] == first.model_card["drift_reference"]
    assert week(room, MONDAYS[1]) == found and room.portal.release(SEEN["first"]).draft == second
    score_days(room, 7)


def test_the_third_run_meets_the_shadow_control_and_what_people_waived_is_submitted_as_it_stands(room):
    found = week(room, MONDAYS[2])
    days = outcome(room, SEEN["first"], "shadow_days")

    assert (days.value, days.outcome) == (14, ControlOutcome.PASS)
    assert "ROB-4-04" not in found["lacks"]
    waive(room.portal, SEEN["first"])
    judged = room.portal.release(SEEN["first"])
    score_days(room, 1)
    submitted = week(room, MONDAYS[2] + timedelta(days=1))
    assert submitted.get("lacks") is None and submitted["state"] == "submitted"
    assert room.portal.release(SEEN["first"]).draft == judged.draft, "its waivers stand on that content"
    publish(room.portal, SEEN["first"])
    assert "ROB-4-04" not in {w.control_id for w in room.portal.release(SEEN["first"]).waivers}
    assert gate.ask(room).is_open


def test_then_another_model_is_trained_and_begins_its_own_shadow(room):
    found = week(room, MONDAYS[3])
    SEEN["second"] = found["release_id"]

    assert found["artefact"] != SEEN["artefact"] and found["release_id"] != SEEN["first"]
    assert "it is released" in found["candidate"] and "已發布" in found["candidate_zh_hant"]
    assert outcome(room, SEEN["second"], "shadow_days").value is None
    assert gate.ask(room).record.draft.release_id == SEEN["first"] and gate.ask(room).is_open
    score_days(room, 1)
    runs = room.warehouse.query("select release_id, mode, count(*) as n from scoring.score_runs group by all")
    assert {(r["release_id"], r["mode"]): r["n"] for r in runs.to_pylist()} == {
        (SEEN["first"], "shadow"): 15,
        (SEEN["first"], "released"): 1,
        (SEEN["second"], "shadow"): 1,
    }


def test_the_shadow_is_seen_in_counts_beside_the_released_model(room):
    """Two accounts that the first model named are listed a day after it named them first."""
    first = "select account_token, min(as_of) as at from scoring.shadow_notices group by all order by 1 limit 2"
    rows = room.warehouse.query(first).to_pylist()
    listed = "select * from moneyflow.int_list_events__watch_listed limit 1"
    one = room.warehouse.query(listed).to_pylist()[0]
    table = "moneyflow.int_list_events__watch_listed"
    more = [one | {"account_token": r["account_token"], "listed_at": r["at"] + timedelta(days=1)} for r in rows]
    schema = room.warehouse.query(listed).schema
    room.warehouse.replace_rows(table, pa.Table.from_pylist(more, schema=schema), where="false")
    found = shadow_view.view(room)
    told = {c.release_id: c for c in found.in_shadow}

    assert list(told) == [SEEN["second"], SEEN["first"]] and found.needed_days == 14 and found.released is None
    assert (told[SEEN["first"]].days, told[SEEN["second"]].days) == (15, 1)
    assert told[SEEN["first"]].listed_since >= 2 and told[SEEN["first"]].noticed >= room.settings.warning_capacity
    low, high = told[SEEN["first"]].interval
    assert 0 < low < told[SEEN["first"]].precision < high < 1
    assert not re.search(r"\b[0-9a-f]{32}\b", json.dumps(found.as_dict())), "counts alone"


def test_a_candidate_ends_by_age_to_the_second_and_by_its_own_drift(room):
    policy, trained = load_policy(), datetime.fromisoformat(artefacts.need_latest(room.settings).trained_at)
    oldest = trained + timedelta(days=policy.settings["candidate_days"])
    assert candidate.look(room, now=oldest - timedelta(seconds=1)).is_kept
    assert candidate.look(room, now=oldest).ended.code == "too_old"

    record = room.portal.release(SEEN["second"])
    moved = Drift(Estimate(0.01, cases=10**6), Estimate(policy.suspension.input_psi_over + 1, cases=10**6), "layer")
    drift.keep(room, record, FOURTH + timedelta(days=400), moved)
    ended = candidate.look(room, now=FOURTH).ended
    assert ended.code == "drift" and "layer" in ended.en and "layer" in ended.zh_hant


def test_anew_trains_at_once_and_withdraws_the_candidate(room):
    score_days(room, 1)
    found = scoring.train(room, anew=True, now=FOURTH).detail

    assert found["kept"] is False and "withdrawn" in found["candidate"] and "已撤回" in found["candidate_zh_hant"]
    assert room.portal.release(SEEN["second"]).state is ReleaseState.RETIRED
    assert artefacts.need_latest(room.settings).release_id is None
    again = scoring.train(room, anew=True, now=FOURTH).detail
    assert again["kept"] is True and "goes on" in again["candidate"]


@pytest.mark.parametrize("state", [s for s in ReleaseState if s is not ReleaseState.EVALUATED])
def test_what_was_decided_on_is_no_candidate(room, state):
    record = room.portal.release(SEEN["first"]).model_copy(update={"state": state})
    ended = candidates.why_ended(load_policy(), record, trained_at=FOURTH, now=FOURTH)
    assert ended.code == "decided" and ended.en and ended.zh_hant

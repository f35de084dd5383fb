"""A submission's place among those that landed before."""

from datetime import date
from types import SimpleNamespace

import pytest

from cleanroom.contracts.manifest import Period
from cleanroom.contracts.specification import load_specification
from cleanroom.errors import SequenceReplayed, SequenceSkipped
from cleanroom.intake.landed import Strangers, judge_strangers
from cleanroom.intake.sequence import Landed, check_period, check_sequence, check_supersedes
from cleanroom.vocabulary.terms import Dataset, UploadState

APRIL = (date(2025, 4, 1), date(2025, 4, 30))
TRANSFERS = load_specification().datasets[Dataset.TRANSFERS]


def landed(sequence, *, state=UploadState.ACCEPTED, days=APRIL):
    return Landed(f"{sequence}" * 64, sequence, state, *days)


def manifest(first, last, *, dataset=Dataset.TRANSFERS, supersedes=None):
    return SimpleNamespace(dataset=dataset, period=Period(first=first, last=last), supersedes=supersedes)


@pytest.mark.parametrize(
    ("sequence", "kind"), [(1, SequenceReplayed), (2, SequenceReplayed), (4, SequenceSkipped), (9, SequenceSkipped)]
)
def test_only_the_next_number_is_taken(sequence, kind):
    ledger = [landed(1), landed(2, state=UploadState.WITHDRAWN)]
    with pytest.raises(kind):
        check_sequence(sequence, ledger)
    check_sequence(3, ledger)


@pytest.mark.parametrize(
    ("first", "last", "free"),
    [
        (date(2025, 4, 30), date(2025, 5, 1), False),
        (date(2025, 3, 1), date(2025, 4, 1), False),
        (date(2025, 4, 10), date(2025, 4, 10), False),
        (date(2025, 1, 1), date(2025, 12, 31), False),
        (date(2025, 5, 1), date(2025, 5, 31), True),
        (date(2025, 3, 1), date(2025, 3, 31), True),
    ],
)
def test_both_ends_of_a_period_count(first, last, free):
    if free:
        check_period(manifest(first, last), [landed(1)])
    else:
        with pytest.raises(SequenceReplayed, match="sequence 1 holds days"):
            check_period(manifest(first, last), [landed(1)])


def test_days_are_free_where_nothing_live_holds_them():
    check_period(manifest(*APRIL, supersedes="1" * 64), [landed(1)])
    check_period(manifest(*APRIL), [landed(1, state=UploadState.WITHDRAWN), landed(2, state=UploadState.SUPERSEDED)])
    check_period(manifest(*APRIL, dataset=Dataset.ACCOUNTS), [landed(1)])


def test_replacing_one_of_two_does_not_free_the_other():
    may = landed(2, days=(date(2025, 5, 1), date(2025, 5, 31)))
    with pytest.raises(SequenceReplayed, match="sequence 2"):
        check_period(manifest(date(2025, 4, 1), date(2025, 5, 2), supersedes="1" * 64), [landed(1), may])


@pytest.mark.parametrize("state", [UploadState.SUPERSEDED, UploadState.WITHDRAWN])
def test_what_has_ended_is_not_replaced(state):
    with pytest.raises(SequenceReplayed):
        check_supersedes(manifest(*APRIL, supersedes="1" * 64), [landed(1, state=state)])
    check_supersedes(manifest(*APRIL, supersedes="1" * 64), [landed(1)])


@pytest.mark.parametrize(
    ("now", "before", "passed"),
    [
        (Strangers(10_000, 10_000), [], True),  # not over the floor
        (Strangers(100_000, 100_000), [], False),  # a dictionary as the second submission
        (Strangers(100_000, 49_000), [], True),  # nothing measured before: half may be new
        (Strangers(100_000, 51_000), [], False),
        (Strangers(500_000, 100_000), [Strangers(400_000, 12_000)], False),  # hidden among known ones: 20 % after 3 %
        (Strangers(500_000, 70_000), [Strangers(400_000, 12_000)], True),
        (Strangers(500_000, 70_000), [Strangers(400_000, 12_000), Strangers(10, 0)], True),  # the largest share counts
        (Strangers(100_000, 95_000), [Strangers(100_000, 60_000)], False),  # however much was usual
        (Strangers(0, 0), [], True),
    ],
)
def test_many_accounts_that_nobody_named_before_are_noticed(now, before, passed):
    result = judge_strangers(now, before, TRANSFERS)
    assert (result.passed, result.failed_rows) == (passed, 0 if passed else now.never_seen)
    assert (result.rule, result.severity, result.row_numbers) == ("never_seen_identifiers", "fail", ())

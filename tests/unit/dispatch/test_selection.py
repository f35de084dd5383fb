"""Every candidate is counted once: sent, known, unroutable, held or capped."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from cleanroom.dispatch.selection import Numbered, Selection, select
from cleanroom.vocabulary.terms import Severity, WarningKind
from tests.factories.sealed_warnings import candidate


def one(number, *, handle="h", **changes):
    return Numbered(f"{number:032x}", candidate(**changes), handle)


def chosen(numbered, **changes):
    basis = {"known_ids": (), "receivers": {"808", "822"}, "held_by": (), "sent_today": {}, "daily_cap": 10}
    found = select(numbered, **(basis | changes))
    return {f.name: [int(n.warning_id, 16) for n in getattr(found, f.name)] for f in fields(found)}


NOTHING = {f.name: [] for f in fields(Selection)}


def test_what_was_sent_before_is_known():
    assert chosen([one(1), one(2)], known_ids={f"{1:032x}"}) == NOTHING | {"known": [1], "send": [2]}


def test_without_a_way_back_it_is_counted_and_never_sent_to_anyone_else():
    numbered = [one(1, handle=None), one(2, owned=False), one(3, institution="013")]
    assert chosen(numbered) == NOTHING | {"unroutable": [1, 2, 3]}


def test_an_institution_that_holds_the_release_gets_none():
    assert chosen([one(1), one(2, institution="822")], held_by={"808"}) == NOTHING | {"held": [1], "send": [2]}


def test_the_cap_lets_the_most_pressing_through_and_counts_what_went_before():
    numbered = [one(1, score=0.1), one(2, score=0.9), one(3, severity=Severity.CRITICAL, score=0.0),
                one(4, kind=WarningKind.CARE, score=1.0), one(5, institution="822")]  # fmt: skip
    found = chosen(numbered, daily_cap=3, sent_today={"808": 1})
    assert found == NOTHING | {"send": [3, 5, 2], "capped": [1, 4]} or set(found["send"]) == {2, 3, 5}
    assert found["capped"] == [1, 4]


def test_of_equally_pressing_ones_those_go_first_where_most_can_be_stopped():
    numbered = [one(1, score=0.9, resting_cents=100), one(2, score=0.3, resting_cents=400), one(3, score=0.8),
                one(4, score=1.0, resting_cents=0)]  # fmt: skip
    assert chosen(numbered, daily_cap=2) == NOTHING | {"send": [3, 2], "capped": [1, 4]}


def test_what_cannot_be_sent_uses_no_room_under_the_cap():
    numbered = [one(1, score=1.0, handle=None), one(2, score=0.9), one(3, score=0.8)]
    assert chosen(numbered, daily_cap=1, known_ids={f"{2:032x}"})["send"] == [3]


@given(st.lists(st.tuples(st.sampled_from(["808", "822", "013"]), st.booleans(), st.booleans(), st.floats(0, 1)),
                max_size=30), st.integers(0, 5))  # fmt: skip
def test_nobody_is_lost_and_no_cap_is_passed(rows, cap):
    numbered = [one(n, institution=i, owned=o, handle="h" if h else None, score=s) for n, (i, o, h, s) in
                enumerate(rows)]  # fmt: skip
    found = chosen(numbered, held_by={"822"}, daily_cap=cap)
    assert sorted(n for lot in found.values() for n in lot) == list(range(len(rows)))
    by_number = {int(n.warning_id, 16): n.candidate.institution for n in numbered}
    assert {by_number[n] for n in found["send"]} <= {"808"} and len(found["send"]) <= cap

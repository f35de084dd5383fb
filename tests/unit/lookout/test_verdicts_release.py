"""Who is proposed for release, against the reference; and the summary of one account."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.lookout.verdicts import Keeper, Verdicts
from cleanroom.lookout.verdicts import summary as summaries
from cleanroom.lookout.verdicts.release import release_proposals
from cleanroom.lookout.verdicts.summary import risk_summary
from cleanroom.moneyflow import reference
from cleanroom.moneyflow.reference import Direction, TaintMethod
from cleanroom.moneyflow.rules import WalkRule
from tests.factories.laws import LAW
from tests.factories.verdicts import DAY_US, NOON, Paid, Room, by_reference, listed, moment, token

HOUR_US = DAY_US // 24
accounts = st.integers(0, 7)
transfers = st.tuples(
    st.integers(0, 20).map(lambda hour: NOON + hour * HOUR_US), accounts, accounts, st.integers(1, 90)
)
notices = st.integers(8, 40).map(lambda hour: NOON + hour * HOUR_US)
late_notices = st.integers(0, 20).map(lambda hour: NOON + 30 * DAY_US + hour * HOUR_US)


@given(
    st.lists(transfers, min_size=8, max_size=40),
    st.lists(st.tuples(accounts, st.one_of(notices, late_notices), st.integers(1, 300)), min_size=1, max_size=5),
    st.sets(st.integers(0, 4), min_size=1),
)
@LAW
def test_proposals_are_the_references(drawn, reports, lifted):
    room = Room()
    room.append([Paid(key, *one) for key, one in enumerate(drawn)])
    listings = [listed(*one, case=str(place)) for place, one in enumerate(reports)]
    with (
        tempfile.TemporaryDirectory() as folder,
        Keeper.open(Path(folder), room.graph, room.accounts.get, listings=listings, least=2) as keeper,
    ):
        left = _left(listings, lifted)
        found = release_proposals(keeper, room.graph, {listing for listing in listings if listing not in left})
        assert keeper.published.digest(len(room.accounts)) == keeper.slot.digest
    names = [name.hex() for name in room.accounts]
    assert {names[account] for account in found.money} == _released_by_reference(room, listings, lifted)
    before, after = (by_reference(room, some) for some in (listings, left))
    assert {names[a] for a in found.walks} == {n for n in names if before[n]["layers"] and not after[n]["layers"]}
    tainted = {n for n in names if before[n]["layers"] or before[n]["received"]}
    assert {names[a] for a in found.proposed} == {
        n for n in tainted if not after[n]["layers"] and not after[n]["received"]
    }


def _left(listings, lifted) -> list:
    return [listing for listing in listings if int(listing.case_no) not in lifted]


def _released_by_reference(room: Room, listings, lifted) -> set[str]:
    reports = [
        reference.Listing(one.case_no, one.token.hex(), moment(one.listed_us), one.reported_cents) for one in listings
    ]
    injections = reference.reported_money(room.transfers, reports)
    cases = {str(place) for place in lifted}
    return set(reference.proposed_for_release(room.transfers, injections, cases, TaintMethod.HAIRCUT))


PAYER, ASKED, TAKER, LISTED, SHOP = range(5)


@pytest.fixture
def room() -> Room:
    room = Room()
    room.append(
        [
            Paid(1, NOON - 20 * DAY_US, LISTED, PAYER, 700),
            Paid(2, NOON - 20 * DAY_US + HOUR_US, PAYER, ASKED, 1000),
            Paid(3, NOON - 5 * DAY_US, ASKED, TAKER, 300),
        ]
    )
    room.merge()
    room.append([Paid(4, NOON - HOUR_US, ASKED, TAKER, 100), Paid(5, NOON, TAKER, LISTED, 50)])
    return room


@pytest.fixture
def summary(tmp_path, room):
    def ask(**options):
        return risk_summary(room.graph, Verdicts.open(tmp_path), room.accounts[token(ASKED)], **options)

    with Keeper.open(tmp_path, room.graph, room.accounts.get, listings=[listed(LISTED, NOON + 1, 50)]):
        yield ask


def test_sums_by_window(summary):
    found = summary()
    assert found.as_of == moment(NOON + 1)
    by_days = {one.days: one for one in found.activity}
    assert [by_days[days].outgoing.cents for days in (1, 7, 30)] == [100, 400, 400]
    assert [by_days[days].outgoing.transfers for days in (1, 7, 30)] == [1, 2, 2]
    assert [by_days[days].outgoing.counterparties for days in (1, 7, 30)] == [1, 1, 1]
    assert [by_days[days].incoming.cents for days in (1, 7, 30)] == [0, 0, 1000]
    assert [by_days[days].pass_through for days in (1, 7, 30)] == [None, None, 0.4]
    assert (found.first, found.last) == (moment(NOON - 20 * DAY_US + HOUR_US), moment(NOON - HOUR_US))


def test_sums_as_of_an_earlier_moment(summary):
    found = summary(as_of_us=NOON - HOUR_US)
    assert [one.outgoing.cents for one in found.activity] == [0, 300, 300]
    assert found.last == moment(NOON - 5 * DAY_US)


def test_the_nearest_watch_listed_on_both_ways(summary, room):
    forward, backward = summary().nearest
    listed_account = room.accounts[token(LISTED)]
    assert (forward.way, forward.account, forward.layer, forward.at) == (
        Direction.FORWARD,
        listed_account,
        2,
        moment(NOON),
    )
    assert (backward.way, backward.account, backward.layer) == (Direction.BACKWARD, listed_account, 2)


def test_the_rule_bounds_the_nearest(summary):
    forward, _ = summary(rule=WalkRule(max_delay=timedelta(minutes=30), hub_limit=1000)).nearest
    assert (forward.account, forward.layer, forward.cut) == (None, None, None)


def test_a_hub_is_named(summary):
    assert summary(rule=WalkRule(hub_limit=2)).is_hub
    assert not summary(rule=WalkRule(hub_limit=3)).is_hub


def test_the_verdict_is_in_the_summary(summary):
    assert (summary().verdict.layer, summary().verdict.downstream) == (2, True)


def test_sums_say_how_much_they_looked_at(summary, monkeypatch):
    monkeypatch.setattr(summaries, "MOST_LOOKED_AT", 1)
    month = summary().activity[2]
    assert (month.outgoing.transfers, month.outgoing.looked_at, month.outgoing.cents) == (2, 1, 100)


def test_an_account_without_number_is_refused(room, tmp_path, summary):
    with pytest.raises(ValueError, match="no account of this number"):
        risk_summary(room.graph, Verdicts.open(tmp_path), 99)

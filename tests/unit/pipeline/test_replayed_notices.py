"""Who of the suspected is told at each cut-off of a replay: the rule of dispatch, on random days."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.evaluation.notices import notices_of
from cleanroom.pipeline.replay import Capacity, runs_of
from cleanroom.scoring.methods import Ranking
from cleanroom.scoring.snapshot import Snapshot

START = datetime(2025, 6, 1, tzinfo=UTC)
ACCOUNTS = 12
accounts = st.lists(
    st.tuples(st.floats(-5, 5), st.integers(0, 10**9), st.booleans()), min_size=ACCOUNTS, max_size=ACCOUNTS
)
days = st.lists(accounts, min_size=1, max_size=4)
capacities = st.builds(Capacity, st.integers(1, ACCOUNTS), st.integers(1, 4))


def day(number, rows):
    """A cut-off and its ranking from (score, cents resting, watch-listed) of each account."""
    scores, resting, listed = zip(*rows, strict=True)
    table = pa.table({
        "account_token": [f"{i:032x}" for i in range(len(rows))],
        "institution": ["808"] * len(rows),
        "resting_cents": resting,
    })  # fmt: skip
    listed = np.array(listed)
    snapshot = Snapshot(START + timedelta(days=number), table, np.empty((len(rows), 0)), listed, ~listed, True)
    return snapshot, Ranking(np.array(scores), learned=True)


def ranked_of(history):
    return [day(number, rows) for number, rows in enumerate(history)]


def names(indices):
    return [f"{i:032x}" for i in indices]


@given(days, capacities)
def test_each_is_told_once_within_both_bounds_and_never_when_listed(history, capacity):
    ranked = ranked_of(history)
    sent = notices_of(runs_of(ranked, capacity))
    assert len({n.token for n in sent}) == len(sent)
    for snapshot, ranking in ranked:
        at_us = round(snapshot.as_of.timestamp() * 1e6)
        now = [n.token for n in sent if n.as_of_us == at_us]
        first = snapshot.unlisted[np.argsort(-ranking.scores[snapshot.unlisted], kind="stable")][: capacity.suspects]
        assert len(now) <= capacity.notices and set(now) <= set(names(first))


@given(days, capacities)
def test_nobody_waits_where_more_is_at_stake_than_with_somebody_told(history, capacity):
    told: set[str] = set()
    ranked = ranked_of(history)
    for (snapshot, ranking), run in zip(ranked, runs_of(ranked, capacity), strict=True):
        stake = dict(zip(names(range(ACCOUNTS)), ranking.chances * snapshot.rows["resting_cents"].to_numpy(),
                         strict=True))  # fmt: skip
        first = snapshot.unlisted[np.argsort(-ranking.scores[snapshot.unlisted], kind="stable")][: capacity.suspects]
        now = set(run.institution_of) - told
        waiting = set(names(first)) - told - now
        assert len(now) == min(capacity.notices, len(now | waiting))
        assert not now or not waiting or min(stake[t] for t in now) >= max(stake[t] for t in waiting)
        told |= now


@given(days, st.integers(1, ACCOUNTS))
def test_with_no_bound_all_suspects_are_told_in_order_of_score(history, suspects):
    ranked = ranked_of(history)
    [first, *_] = runs_of(ranked, Capacity(suspects))
    snapshot, ranking = ranked[0]
    order = snapshot.unlisted[np.argsort(-ranking.scores[snapshot.unlisted], kind="stable")][:suspects]
    assert list(first.institution_of) == names(order)


@given(days, capacities, st.sampled_from([2, 64]))
def test_another_unit_of_money_changes_nobody(history, capacity, times):
    more = [[(score, cents * times, listed) for score, cents, listed in rows] for rows in history]
    plain, scaled = (notices_of(runs_of(ranked_of(h), capacity)) for h in (history, more))
    assert [n.token for n in plain] == [n.token for n in scaled]

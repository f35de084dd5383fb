from datetime import timedelta

import numpy as np
import pytest

from cleanroom.errors import NothingToDo
from cleanroom.scoring import backtest
from cleanroom.scoring.snapshot import snapshots
from tests.factories.snapshots import END, feature_rows, label_rows

HORIZON = timedelta(days=14)


def test_only_complete_cut_offs_that_lie_a_horizon_apart_are_replayed(history):
    assert [s.as_of for s in backtest.usable(history, horizon=HORIZON)] == [h.as_of for h in history[:2]]
    assert [s.as_of for s in backtest.usable(history, horizon=timedelta(days=15))] == [history[1].as_of]


def test_each_later_listing_is_judged_once_and_listed_accounts_never(history):
    found = backtest.replay(history, horizon=HORIZON)

    assert found.later.sum() == 16
    assert found.cases == sum(len(s.unlisted) for s in history[:2])
    for number, snapshot in enumerate(history[:2]):
        assert not snapshot.listed[found.row[found.fold == number]].any()


def test_what_comes_after_a_cut_off_does_not_change_its_predictions(history):
    """The rows and labels of later cut-offs are thrown about; those of the first one's predictions stay."""
    changed = [history[0], *(snapshot_with_other_labels(s) for s in history[1:])]
    first, other = (backtest.replay(h, horizon=HORIZON) for h in (history, changed))

    assert (first.margin[first.fold == 0] == other.margin[other.fold == 0]).all()
    assert (first.margin[first.fold == 1] != other.margin[other.fold == 1]).any()


def snapshot_with_other_labels(snapshot):
    rows = feature_rows(99, snapshot.as_of, int(snapshot.listed.sum()))
    return snapshots(rows, label_rows(rows, 3, complete=snapshot.complete))[0]


def test_the_first_n_of_each_cut_off_are_the_first_of_all(history):
    found = backtest.replay(history, horizon=HORIZON)
    chosen = found.order >= -10

    assert np.bincount(found.fold[chosen].astype(int)).tolist() == [10, 10]
    for fold in (0, 1):
        inside = found.fold == fold
        assert found.margin[inside & chosen].min() >= found.margin[inside & ~chosen].max()


def test_the_model_finds_suspicious_accounts_that_were_not_listed(history):
    """Accounts 24..59 behave like the listed ones; the model must put most of them in front."""
    found = backtest.replay(history, horizon=HORIZON)
    latest = found.fold == 1
    first = found.row[latest & (found.order >= -30)]

    assert (first < 60).mean() > 0.8


def test_without_a_usable_cut_off_there_is_nothing_to_judge(history):
    found = backtest.replay(history[-1:], horizon=HORIZON)

    assert found.cases == 0
    assert found.folds == ()
    assert np.isfinite(backtest.calibrate(found, found.margin).intercept)


def test_ranks_keep_the_order_of_equal_scores():
    assert backtest.ranks(np.array([1.0, 3.0, 3.0, 2.0])).tolist() == [4, 1, 2, 3]


def test_no_account_is_nothing_to_do():
    rows = feature_rows(0, END, 5)

    with pytest.raises(NothingToDo):
        snapshots(rows.slice(0, 0), label_rows(rows, 1, complete=True))

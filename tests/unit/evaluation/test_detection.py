"""Precision and recall by hand, and against the textbook interval."""

import pytest

from cleanroom.evaluation.detection import by_capacity, by_typology, detect, wilson


def test_by_hand():
    found = detect(["a", "b", "c", "d"], ["b", "d", "e"])
    assert (found.precision, found.recall) == (0.5, pytest.approx(2 / 3))


def test_nothing_chosen_has_no_precision_and_no_truth_no_recall():
    assert detect([], ["a"]).precision is None and detect([], ["a"]).recall == 0
    assert detect(["a"], []).recall is None and detect(["a"], []).precision == 0


def test_the_same_account_twice_counts_once():
    assert detect(["a", "a"], ["a"]).chosen == 1


def test_capacities_take_the_top_of_the_ranking():
    rows = by_capacity(["a", "b", "c", "d"], ["a", "c"], [1, 2, 9])
    assert [(r["capacity"], r["precision"], r["recall"]) for r in rows] == [(1, 1.0, 0.5), (2, 0.5, 0.5), (9, 0.5, 1.0)]


def test_an_account_of_two_typologies_counts_in_both():
    cycle, stack = {"pattern": "1", "typology": "cycle"}, {"pattern": "2", "typology": "stack"}
    truth = {"a": [cycle, stack], "b": [cycle], "listed": [{"pattern": "3", "typology": "fan_in"}]}
    assert by_typology({"a"}, {"a", "b"}, truth) == {
        "cycle": {"accounts": 2, "found": 1}, "stack": {"accounts": 1, "found": 1},
    }  # fmt: skip


def test_wilson_against_the_textbook():
    # Newcombe 1998, table I: 81 of 263.
    assert wilson(81, 263) == [pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4)]
    assert wilson(0, 0) is None
    assert wilson(0, 10)[0] == pytest.approx(0) and wilson(10, 10)[1] == pytest.approx(1)

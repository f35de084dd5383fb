"""The gate compares a file with the ones before it: the same at both stations, and only ever a warning."""

import pytest

from cleanroom.contracts.messages import RuleResult
from cleanroom.quality.gate import Gate
from cleanroom.quality.suites import STATIONS
from cleanroom.vocabulary.terms import Dataset
from tests.factories.gates import FACTS, rows_of

EARLIER = 4


def gate_of(station, *, earlier=()):
    return Gate(station, Dataset.TRANSFERS, FACTS, earlier=tuple(earlier))


def profiles(station, rows=60):
    gate = gate_of(station)
    outcome = gate.merge([gate.check(rows_of(Dataset.TRANSFERS, rows=rows, station=station))])
    assert outcome.drifts == ()
    return [outcome.profile] * EARLIER


@pytest.mark.parametrize("station", STATIONS)
def test_a_file_like_the_others_passes_without_a_word(station):
    gate = gate_of(station, earlier=profiles(station))
    outcome = gate.merge([gate.check(rows_of(Dataset.TRANSFERS, rows=60, station=station))])
    assert (outcome.broken, outcome.drifts, outcome.failed) == ((), (), False)


@pytest.mark.parametrize("station", STATIONS)
def test_another_volume_other_words_and_empty_values_are_warned_of(station):
    changes = [(n, "channel", "atm") for n in range(1, 31)] + [(n, "clearing_ref", None) for n in range(1, 31)]
    rows = rows_of(Dataset.TRANSFERS, rows=30, changes=changes, station=station)
    gate = gate_of(station, earlier=profiles(station))
    outcome = gate.merge([gate.check(rows.slice(0, 10)), gate.check(rows.slice(10))])
    told = [r for r in outcome.results if r.rule.startswith("drift_")]
    assert told == [
        RuleResult(rule=rule, column=column, severity="warn", passed=False, failed_rows=0)
        for rule, column in (("drift_volume", None), ("drift_nulls", "clearing_ref"), ("drift_values", "channel"))
    ]
    assert [str(d) for d in outcome.drifts] == ["2 → 1", "0.0% → 100.0%", "atm: 0.0% → 100.0%", "mobile: 100.0% → 0.0%"]
    assert not outcome.failed


def test_both_stations_keep_the_same_profile():
    assert profiles("sealing") == profiles("intake")

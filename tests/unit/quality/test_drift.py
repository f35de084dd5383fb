"""Drift: what is told, what is too small to tell, and that batches add up to the file."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.contracts.specification import load_specification
from cleanroom.quality.drift import LEAST_HISTORY, LOOK_BACK, THRESHOLDS, drifts, results
from cleanroom.quality.profile import Profile, profile_of, total
from cleanroom.vocabulary.terms import Dataset

FIELDS = {f.name: f for f in load_specification().datasets[Dataset.TRANSFERS].fields}


def profile(rows=10_000, *, days=30, empty=0.2, atm=0.1):
    return Profile(
        rows=rows,
        days=days,
        nulls={"clearing_ref": round(rows * empty)},
        values={"channel": {"atm": round(rows * atm), "online": rows - round(rows * atm)}},
    )


HISTORY = [profile(10_000 + 300 * (n % 3)) for n in range(6)]


def told(now, before=HISTORY, dataset=Dataset.TRANSFERS):
    return [(d.rule, d.column, d.what) for d in drifts(now, before, dataset)]


def test_a_file_like_the_others_is_not_told():
    assert told(profile(10_400)) == []


@pytest.mark.parametrize("rows", [1, 4_000, 6_000, 16_000, 100_000])
def test_far_more_and_far_fewer_rows(rows):
    assert told(profile(rows))[0] == ("drift_volume", None, None)


def test_half_a_period_with_half_the_rows_is_the_same_volume():
    assert told(profile(5_000, days=15)) == []
    assert told(profile(10_000, days=15)) == [("drift_volume", None, None)]


def test_a_state_is_not_counted_by_day():
    assert told(profile(10_000, days=1), dataset=Dataset.ACCOUNTS) == []


def test_an_empty_file_after_full_ones():
    assert told(Profile(rows=0, days=30)) == [("drift_volume", None, None)]


def test_empty_values():
    assert told(profile(empty=0.9)) == [("drift_nulls", "clearing_ref", None)]
    assert told(profile(empty=0.0)) == [("drift_nulls", "clearing_ref", None)]
    assert told(profile(empty=0.23)) == []


def test_values_that_come_and_go():
    assert told(profile(atm=0.5)) == [("drift_values", "channel", "atm"), ("drift_values", "channel", "online")]
    gone = replace(profile(), values={"channel": {"counter": 1_000, "online": 9_000}})
    assert told(gone) == [("drift_values", "channel", "atm"), ("drift_values", "channel", "counter")]
    [one] = results(drifts(gone, HISTORY, Dataset.TRANSFERS))
    assert (one.rule, one.column, one.severity, one.passed, one.failed_rows) == (
        "drift_values", "channel", "warn", False, 0,
    )  # fmt: skip


def test_a_history_that_varies_allows_what_a_steady_one_does_not():
    varied = [profile(n) for n in (4_000, 7_000, 10_000, 13_000, 16_000)]
    assert told(profile(17_000), varied) == []
    assert told(profile(17_000)) == [("drift_volume", None, None)]


def test_one_bad_period_in_the_history_does_not_move_the_usual():
    spoilt = [*HISTORY, profile(10, empty=1.0)]
    assert told(profile(), spoilt) == []
    assert told(profile(100), spoilt)[0] == ("drift_volume", None, None)


def test_few_rows_say_little():
    few = [profile(10, empty=0.0) for _ in range(6)]
    assert told(profile(10, empty=0.2), few) == []
    assert told(profile(10, empty=0.9), few) == [("drift_nulls", "clearing_ref", None)]


def test_nothing_is_said_of_a_short_history():
    assert told(profile(1), HISTORY[: LEAST_HISTORY - 1]) == []
    assert told(profile(1), HISTORY[:LEAST_HISTORY]) != []


def test_only_the_last_periods_count():
    assert told(profile(100), [*HISTORY, *[profile(100)] * LOOK_BACK]) == []


def test_the_sentence_of_a_drift_has_both_numbers():
    volume, nulls = drifts(profile(100_000, empty=0.9), HISTORY, Dataset.TRANSFERS)
    assert (str(volume), str(nulls)) == ("343 → 3333", "20.0% → 90.0%")
    [atm, _] = drifts(profile(atm=0.5), HISTORY, Dataset.TRANSFERS)
    assert str(atm) == "atm: 10.0% → 50.0%"


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.integers(0, 10**6), min_size=LEAST_HISTORY, max_size=LOOK_BACK),
    st.integers(0, 10**6),
    st.sampled_from(Dataset),
)
def test_whatever_was_before_the_median_itself_never_drifts(volumes, now, dataset):
    before = [profile(v) for v in volumes]
    middle = sorted(volumes)[len(volumes) // 2] if len(volumes) % 2 else volumes[0]
    found = drifts(profile(now), before, dataset)
    assert {d.rule for d in found} <= set(THRESHOLDS)
    if len(volumes) % 2:
        assert [d for d in drifts(profile(middle), before, dataset) if d.rule == "drift_volume"] == []
    for drift in found:
        assert math.isfinite(drift.now) and math.isfinite(drift.usual)


def batch(rows):
    """Rows of (clearing_ref, channel, reversed)."""
    columns = zip(*rows, strict=True) if rows else ([], [], [])
    refs, channels, reversed_ = map(list, columns)
    moments = [datetime(2025, 4, 1, tzinfo=UTC)] * len(rows)
    return pa.table(
        {
            "clearing_ref": pa.array(refs, pa.string()),
            "channel": pa.array(channels, pa.string()),
            "reversed": pa.array(reversed_, pa.bool_()),
            "executed_at": pa.array(moments, pa.timestamp("us", "UTC")),
            "sender_account": pa.array(["8080000000000000001"] * len(rows), pa.string()),
        }
    )


COLUMNS = {name: FIELDS[name] for name in ("clearing_ref", "channel", "reversed", "executed_at", "sender_account")}
ROWS = st.tuples(st.sampled_from([None, "c1", "c2"]), st.sampled_from(["atm", "online", None]), st.booleans())


@settings(deadline=None)
@given(st.lists(st.lists(ROWS, max_size=6), max_size=4))
def test_the_profiles_of_batches_add_up_to_that_of_the_file(batches):
    parts = [profile_of(batch(rows), COLUMNS, days=30) for rows in batches]
    whole = profile_of(batch([row for rows in batches for row in rows]), COLUMNS, days=30)
    merged = total(parts, days=30)
    assert (merged.rows, {k: v for k, v in merged.nulls.items() if v}) == (
        whole.rows, {k: v for k, v in whole.nulls.items() if v},
    )  # fmt: skip
    assert {c: v for c, v in merged.values.items() if v} == {c: v for c, v in whole.values.items() if v}
    assert Profile.from_json(merged.to_json()) == merged
    assert total(parts[::-1], days=30) == merged


def test_a_profile_holds_counts_of_agreed_words_and_nothing_else():
    rows = [("ref-of-somebody", "atm", True), (None, "A123456789", False), ("ref", "online", False)]
    text = profile_of(batch(rows), COLUMNS, days=1).to_json()
    assert text == (
        '{"days": 1, "nulls": {"clearing_ref": 1}, "rows": 3, '
        '"values": {"channel": {"atm": 1, "online": 1}, "reversed": {"false": 2, "true": 1}}}'
    )

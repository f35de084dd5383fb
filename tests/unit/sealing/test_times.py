from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.sealing.times import dates, timestamps

TAIPEI = timezone(timedelta(hours=8))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1))


def times(texts, calendar="gregorian", zone="Asia/Taipei"):
    return timestamps(pa.array(texts, pa.string()), calendar, zone).to_pylist()


@settings(deadline=None)
@given(st.lists(MOMENTS, max_size=20), st.integers(-14 * 60, 14 * 60))
def test_iso_times_with_any_offset(moments, minutes):
    aware = [m.replace(tzinfo=timezone(timedelta(minutes=minutes))) for m in moments]
    assert times([m.isoformat() for m in aware]) == [m.astimezone(UTC) for m in aware]


@settings(deadline=None)
@given(st.lists(MOMENTS.map(lambda m: m.replace(microsecond=0)), max_size=20))
def test_roc_times_are_taipeis(moments):
    texts = [f"{m.year - 1911}/{m.month:02d}/{m.day:02d} {m:%H:%M:%S}" for m in moments]
    assert times(texts, "roc") == [m.replace(tzinfo=TAIPEI).astimezone(UTC) for m in moments]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-04-01T04:02:41+08:00", datetime(2025, 3, 31, 20, 2, 41, tzinfo=UTC)),
        ("2025-04-01 04:02:41", datetime(2025, 3, 31, 20, 2, 41, tzinfo=UTC)),
        ("2025/4/1 4:02", datetime(2025, 3, 31, 20, 2, tzinfo=UTC)),
        ("2025-04-01T04:02:41Z", datetime(2025, 4, 1, 4, 2, 41, tzinfo=UTC)),
        ("2025-04-01T04:02:41.5+0800", datetime(2025, 3, 31, 20, 2, 41, 500_000, tzinfo=UTC)),
        ("2025-04-01T04:02:41-03:30", datetime(2025, 4, 1, 7, 32, 41, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_spellings(text, expected):
    assert times([text]) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-02-29T00:00:00Z",
        "2025-04-31T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-04-01T24:00:00Z",
        "2025-04-01T09:00:00+24:00",
        "2025-04-01T09:00:00-99:99",
        "2025-04-01T23:60:00Z",
        "2025-04-01T23:59:60Z",
        "2025-04-01",
        "114/04/01 05:19:50",
        "2025-04-01T04:02:41+08:00 trailing",
        "20250401 040241",
        "2025-04-01T04:02:41.1234567Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
    ],
)
def test_what_is_no_gregorian_time(text):
    assert times([text]) == [None]


@pytest.mark.parametrize("text", ["2025-04-01 05:19:50", "000/04/01 05:19:50", "114/02/29 00:00:00", "114/04/01"])
def test_what_is_no_roc_time(text):
    assert times([text], "roc") == [None]


def test_nulls_stay_nulls_and_good_neighbours_stay_good():
    assert times([None, "2025-04-01T00:00:00Z", "x"]) == [None, datetime(2025, 4, 1, tzinfo=UTC), None]


def test_a_zone_with_summer_time():
    assert times(["2025-07-01 12:00:00", "2025-01-01 12:00:00"], zone="Europe/Berlin") == [
        datetime(2025, 7, 1, 10, tzinfo=UTC),
        datetime(2025, 1, 1, 11, tzinfo=UTC),
    ]
    # Twice on the clock: the earlier. Never on the clock: no time.
    assert times(["2025-10-26 02:30:00", "2025-03-30 02:30:00"], zone="Europe/Berlin") == [
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
        None,
    ]


@pytest.mark.parametrize(
    ("text", "calendar", "expected"),
    [
        ("2020-01-02", "gregorian", date(2020, 1, 2)),
        ("2020/1/2", "gregorian", date(2020, 1, 2)),
        ("109/01/02", "roc", date(2020, 1, 2)),
        ("99-12-31", "roc", date(2010, 12, 31)),
        ("2020-02-30", "gregorian", None),
        ("109/01/02", "gregorian", None),
        ("2020-01-02", "roc", None),
        ("2020-01-02T00:00:00", "gregorian", None),
    ],
)
def test_days(text, calendar, expected):
    assert dates(pa.array([text]), calendar).to_pylist() == [expected]


SPELLINGS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "2025-04-01T04:02:41+08:00",
            "2025-04-01 04:02:41",
            "2025/4/1 4:02",
            "114/04/01 05:19:50",
            "2025-04-01",
            "T",
            " ",
        ]
    ),
    MOMENTS.map(lambda m: m.isoformat()),
    st.from_regex(r"\A[0-9]{3,4}/[0-9]{1,2}/[0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}(Z|[+-][01][0-9]:?[0-9]{2})?\Z"),
    st.text("0123456789-/T :.+Z", max_size=28),
)


@settings(deadline=None)
@given(st.lists(SPELLINGS, max_size=8), st.sampled_from(["gregorian", "roc"]))
def test_a_column_is_read_as_its_values_are_one_by_one(texts, calendar):
    """Days and clocks are read once each; whatever neighbours a value has, it means the same."""
    assert times(texts, calendar) == [times([text], calendar)[0] for text in texts]

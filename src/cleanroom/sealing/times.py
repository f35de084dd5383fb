"""Times and days as institutions write them, to UTC microseconds and dates, column-wise.

Gregorian `2025-04-01T04:02:41.5+08:00`, `2025/4/1 04:02`; ROC `114/04/01 05:19:50` (year 1 is 1912). A time without an
offset is local time of the declared zone. Where a clock was set back and a time is twice there, the earlier is meant;
the hour that a clock set forward skipped is no time.
"""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.vocabulary.terms import Calendar

_YEAR = {Calendar.GREGORIAN: r"[0-9]{4}", Calendar.ROC: r"[0-9]{1,3}"}
_ROC_OFFSET = 1911
_FIRST_YEAR, _LAST_YEAR = 2, 9998  # whatever the offset, the UTC time lies in the years 1 to 9999 that engines know
_DAY = r"(?P<year>{year})[-/](?P<month>[0-9]{{1,2}})[-/](?P<day>[0-9]{{1,2}})"
_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,6}))?)?"
_OFFSET = r"(?P<offset>Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])?"
_SECOND_US = 1_000_000


def dates(text: pa.Array, calendar: str) -> pa.Array:
    """date32; null where the text is no day of the calendar."""
    return pc.cast(_of_distinct(text, lambda distinct: _midnights(distinct, calendar)), pa.date32())


def timestamps(text: pa.Array, calendar: str, timezone: str) -> pa.Array:
    """UTC timestamps; null where the text is no time. A month has few days and a day few seconds: each is read once."""
    day, clock = _split(text)
    midnight = _of_distinct(day, lambda distinct: _midnights(distinct, calendar))
    read = _of_distinct(clock, _clocks)
    in_day, shift = pc.struct_field(read, "in_day"), pc.struct_field(read, "shift")
    naive = pc.cast(pc.add(pc.cast(midnight, pa.int64()), in_day), pa.timestamp("us"))
    if shift.null_count == len(shift):
        return _from_zone(naive, timezone)
    shifted = pc.cast(pc.cast(pc.subtract(pc.cast(naive, pa.int64()), shift), pa.timestamp("us")), UTC_TIMESTAMP)
    return (
        shifted
        if not shift.null_count
        else pc.coalesce(shifted, _from_zone(_where(pc.is_null(shift), naive), timezone))
    )


def _of_distinct(text: pa.Array, read: Callable[[pa.Array], pa.Array]) -> pa.Array:
    encoded = text.dictionary_encode()
    return read(encoded.dictionary).take(encoded.indices)


def _split(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Day and clock, which a `T` or a blank parts: usually at the same place in every row."""
    first = next((t.as_py() for t in text if t.is_valid), "")
    place = next((n for n, letter in enumerate(first) if letter in "T "), None)
    if place is not None and _all_parted_at(text, place):
        return pc.utf8_slice_codeunits(text, 0, place), pc.utf8_slice_codeunits(text, place + 1)
    parts = pc.extract_regex(text, "^(?P<day>[^T ]*)[T ](?P<clock>.*)$")
    return pc.struct_field(parts, "day"), pc.struct_field(parts, "clock")


def _all_parted_at(text: pa.Array, place: int) -> bool:
    between = pc.utf8_slice_codeunits(text, place, place + 1)
    return pc.all(pc.is_in(between, pa.array(["T", " ", None]))).as_py()


def _midnights(text: pa.Array, calendar: str) -> pa.Array:
    return _civil(pc.extract_regex(text, f"^{_DAY.format(year=_YEAR[Calendar(calendar)])}$"), calendar)


def _clocks(text: pa.Array) -> pa.Array:
    """`in_day` and `shift` in microseconds: null and null for text that is no clock, `shift` null without an offset."""
    parts = pc.extract_regex(text, f"^{_CLOCK}{_OFFSET}$")
    hour, minute, second = (_number(parts, name) for name in ("hour", "minute", "second"))
    fraction = pc.cast(pc.utf8_rpad(pc.struct_field(parts, "fraction"), width=6, padding="0"), pa.int64())
    in_day = pc.add(
        pc.multiply(pc.add(pc.multiply(pc.add(pc.multiply(hour, 60), minute), 60), second), _SECOND_US), fraction
    )
    good = pc.and_(pc.less(hour, 24), pc.and_(pc.less(minute, 60), pc.less(second, 60)))
    shift = _where(good, _shifts(pc.struct_field(parts, "offset")))
    return pa.StructArray.from_arrays([_where(good, in_day), shift], ["in_day", "shift"])


def _shifts(offset: pa.Array) -> pa.Array:
    """Microseconds east of UTC; null where there is no offset."""
    parts = pc.extract_regex(offset, r"^(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})$")
    minutes = pc.add(pc.multiply(_number(parts, "hours"), 60), _number(parts, "minutes"))
    signed = pc.if_else(pc.equal(pc.struct_field(parts, "sign"), "-"), pc.negate(minutes), minutes)
    shift = pc.if_else(pc.equal(offset, "Z"), pa.scalar(0, pa.int64()), signed)
    return pc.multiply(shift, 60 * _SECOND_US)


def _civil(parts: pa.Array, calendar: str) -> pa.Array:
    """Midnight of year, month, day; the parser lets 31 April roll over, so the day is compared with what came out."""
    year = _number(parts, "year")
    if calendar == Calendar.ROC:
        year = pc.add(pc.if_else(pc.greater(year, 0), year, pa.scalar(None, pa.int64())), _ROC_OFFSET)
    known = pc.and_(pc.greater_equal(year, _FIRST_YEAR), pc.less_equal(year, _LAST_YEAR))
    text = pc.binary_join_element_wise(
        pc.cast(year, pa.string()), pc.struct_field(parts, "month"), pc.struct_field(parts, "day"), "-"
    )
    midnight = pc.strptime(text, format="%Y-%m-%d", unit="us", error_is_null=True)
    same = pc.and_(known, pc.equal(pc.day(midnight), _number(parts, "day")))
    return pc.if_else(pc.fill_null(same, False), midnight, pa.scalar(None, midnight.type))


def _from_zone(naive: pa.Array, timezone: str) -> pa.Array:
    local = pc.assume_timezone(naive, timezone, ambiguous="earliest", nonexistent="latest")
    existed = pc.equal(pc.local_timestamp(local), naive)  # clocks set forward show no such time
    return pc.cast(pc.if_else(existed, local, pa.scalar(None, local.type)), UTC_TIMESTAMP)


def _number(parts: pa.Array, name: str) -> pa.Array:
    """A group as int64; a group that matched nothing (no seconds) is 0."""
    text = pc.struct_field(parts, name)
    return pc.cast(pc.if_else(pc.equal(text, ""), "0", text), pa.int64())


def _where(good: pa.Array, values: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(good, False), values, pa.scalar(None, values.type))

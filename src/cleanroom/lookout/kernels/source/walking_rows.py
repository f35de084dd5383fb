"""Which transfers of an account a rule lets a walk see, in two segments."""

from numpy import int64

from cleanroom.lookout.kernels.source.declare import i64_at, inline, u8_at, u32_at
from cleanroom.lookout.kernels.source.prefetching import prefetch
from cleanroom.lookout.kernels.source.searching import first_at_least, first_greater
from cleanroom.lookout.kernels.source.walking_table import (
    ACCOUNT,
    AGAINST,
    ALONG,
    BACKWARD,
    END,
    FLAGS,
    HUB_LIMIT,
    IDS,
    IS_HUB,
    IS_SKIPPED,
    IS_TRUNCATED,
    JUMP_BITS,
    KEEP,
    LENGTH,
    NONE,
    SEGMENT,
    SEGMENT_SIZE,
    SEGMENTS,
    SIDE_ACCOUNTS,
    SIDE_JUMP,
    SIDE_NUMBER,
    SIDE_OFFSETS,
    SIDE_OTHER,
    SIDE_ROWS,
    TIME,
    VIA,
    WINDOW_HIGH,
    WINDOW_LOW,
    WINDOWED,
)

_FAR, _NEAR = 32, 12  # arrivals ahead


@inline
def row_of(table, side, account):
    """The account's entries in a side: (first, end); empty where it has no row."""
    row = account
    if table[side + SIDE_ACCOUNTS] != 0:
        jump, accounts = u32_at(table[side + SIDE_JUMP]), u32_at(table[side + SIDE_ACCOUNTS])
        block = account >> JUMP_BITS
        end = int64(jump[block + 1])
        row = first_at_least(accounts, int64(jump[block]), end, account)
        if row == end or accounts[row] != account:
            return 0, 0
    elif account >= table[side + SIDE_ROWS]:
        return 0, 0
    offsets = u32_at(table[side + SIDE_OFFSETS])
    return int64(offsets[row]), int64(offsets[row + 1])


@inline
def seen_of(table, segment, side, account):
    """The account's entries inside the window: (first, end)."""
    low, high = row_of(table, segment + side, account)
    if table[WINDOWED] != 0 and high > low:
        number = u32_at(table[segment + side + SIDE_NUMBER])
        low = first_at_least(number, low, high, table[segment + WINDOW_LOW])
        high = first_at_least(number, low, high, table[segment + WINDOW_HIGH])
    return low, high


@inline
def is_hub(table, account):
    """More transfers inside the window, in and out, than the rule allows."""
    limit = table[HUB_LIMIT]
    if limit < 0:
        return False
    degree = 0
    for s in range(table[SEGMENTS]):
        segment = SEGMENT + s * SEGMENT_SIZE
        for side in (ALONG, AGAINST):
            low, high = row_of(table, segment + side, account)
            degree += high - low
    if degree <= limit or table[WINDOWED] == 0:
        return degree > limit
    degree = 0
    for s in range(table[SEGMENTS]):
        segment = SEGMENT + s * SEGMENT_SIZE
        for side in (ALONG, AGAINST):
            low, high = seen_of(table, segment, side, account)
            degree += high - low
    return degree > limit


@inline
def kept_of(table, account):
    """What is left of the account's transfers: (first, end, first in the delta, end in the delta, any left out)."""
    low, high = seen_of(table, SEGMENT, ALONG, account)
    delta_low, delta_high = 0, 0
    if table[SEGMENTS] > 1:
        delta_low, delta_high = seen_of(table, SEGMENT + SEGMENT_SIZE, ALONG, account)
    keep = table[KEEP]
    if keep < 0 or high - low + delta_high - delta_low <= keep:
        return low, high, delta_low, delta_high, False
    if delta_high == delta_low:
        return high - keep, high, delta_low, delta_high, True
    low, delta_low = latest_of_both(table, low, high, delta_low, delta_high, keep)
    return low, high, delta_low, delta_high, True


@inline
def rows_to_pass(table, arrival):
    """What the rule lets a walk go on with from an arrival: as `kept_of`, nothing where it is skipped or a hub. Flags
    the arrival with what was left out."""
    flags, via = u8_at(table[FLAGS]), u32_at(table[VIA])[arrival]
    if flags[arrival] & IS_SKIPPED:
        return 0, 0, 0, 0
    account = int64(u32_at(table[ACCOUNT])[arrival])
    if via != NONE and is_hub(table, account):
        flags[arrival] |= IS_HUB
        return 0, 0, 0, 0
    low, high, delta_low, delta_high, truncated = kept_of(table, account)
    if truncated:
        flags[arrival] |= IS_TRUNCATED
    return low, high, delta_low, delta_high


@inline
def latest_of_both(table, low, high, delta_low, delta_high, keep):
    """Where the `keep` latest of two rows begin in each."""
    number = u32_at(table[SEGMENT + ALONG + SIDE_NUMBER])
    delta_number = u32_at(table[SEGMENT + SEGMENT_SIZE + ALONG + SIDE_NUMBER])
    length = table[SEGMENT + LENGTH]
    place, delta_place = high, delta_high
    for _ in range(keep):
        if place == low:
            delta_place -= 1
        elif delta_place == delta_low or is_later(
            table, int64(number[place - 1]), length + int64(delta_number[delta_place - 1])
        ):
            place -= 1
        else:
            delta_place -= 1
    return place, delta_place


@inline
def time_of(table, via):
    """When a transfer was executed. `via`: its number; those of the delta go on where the base's end."""
    length = table[SEGMENT + LENGTH]
    if via < length:
        return i64_at(table[SEGMENT + TIME])[via]
    return i64_at(table[SEGMENT + SEGMENT_SIZE + TIME])[via - length]


@inline
def is_later(table, via, other):
    """The order of all transfers, by (time, id)."""
    length = table[SEGMENT + LENGTH]
    if (via < length) == (other < length):
        return via > other
    time, other_time = time_of(table, via), time_of(table, other)
    if time != other_time:
        return time > other_time
    return is_greater_id(table, via, other)


@inline
def is_greater_id(table, via, other):
    """Of two transfers in different segments."""
    length = table[SEGMENT + LENGTH]
    base, delta = u8_at(table[SEGMENT + IDS]), u8_at(table[SEGMENT + SEGMENT_SIZE + IDS])
    in_base, in_delta = (via, other - length) if via < length else (other, via - length)
    for i in range(16):
        a, b = base[in_base * 16 + i], delta[in_delta * 16 + i]
        if a != b:
            return (a > b) == (via < length)
    return False


@inline
def first_after(table, segment, low, high, moment):
    """The first entry along the walk's side in [low, high) that is executed after the moment."""
    number = u32_at(table[segment + ALONG + SIDE_NUMBER])
    time = i64_at(table[segment + TIME])
    while low < high:
        middle = (low + high) >> 1
        if time[number[middle]] > moment:
            high = middle
        else:
            low = middle + 1
    return low


@inline
def first_not_before(table, segment, low, high, moment):
    """The first entry in [low, high) that is executed at the moment or after it."""
    number = u32_at(table[segment + ALONG + SIDE_NUMBER])
    time = i64_at(table[segment + TIME])
    while low < high:
        middle = (low + high) >> 1
        if time[number[middle]] < moment:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def trimmed(table, s, low, high, via, moment):
    """The entries in [low, high) that a walk may take which arrived by `via` at the moment; forward after it."""
    if low == high:
        return low, high
    segment = SEGMENT + s * SEGMENT_SIZE
    own = via - s * table[SEGMENT + LENGTH]
    same = via != NONE and (via < table[SEGMENT + LENGTH]) == (s == 0)
    number, time = u32_at(table[segment + ALONG + SIDE_NUMBER]), i64_at(table[segment + TIME])
    if table[BACKWARD] == 0:
        if same:
            low = first_greater(number, low, high, own)
        # Where the next transfer of all is later, whatever has a greater number is.
        if not same or (own + 1 < table[segment + LENGTH] and time[own + 1] == moment):
            low = first_after(table, segment, low, high, moment)
        return low, high
    if same:
        high = first_at_least(number, low, high, own)
    if not same or (own > 0 and time[own - 1] == moment):
        high = first_not_before(table, segment, low, high, moment)
    return low, high


@inline
def fetch_ahead(table, arrival):
    """Ask for what passing the next arrivals will read: where their rows lie, when they arrived, and then the rows."""
    end = table[END]
    accounts, vias = u32_at(table[ACCOUNT]), u32_at(table[VIA])
    if arrival + _FAR < end and table[SEGMENT + ALONG + SIDE_ACCOUNTS] == 0:
        account = int64(accounts[arrival + _FAR])
        prefetch(u32_at(table[SEGMENT + ALONG + SIDE_OFFSETS]), account)
        if table[HUB_LIMIT] >= 0:
            prefetch(u32_at(table[SEGMENT + AGAINST + SIDE_OFFSETS]), account)
        prefetch(i64_at(table[SEGMENT + TIME]), int64(vias[arrival + _FAR]))
    if arrival + _NEAR < end:
        account = int64(accounts[arrival + _NEAR])
        low, high = row_of(table, SEGMENT + ALONG, account)
        middle = (low + high) >> 1
        number, other = u32_at(table[SEGMENT + ALONG + SIDE_NUMBER]), u32_at(table[SEGMENT + ALONG + SIDE_OTHER])
        prefetch(number, middle)
        prefetch(number, high - 1)
        prefetch(other, middle)
        prefetch(other, high - 1)

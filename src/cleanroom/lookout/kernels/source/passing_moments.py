"""The order of a pass: base and delta together, moment by moment along the walk."""

from cleanroom.lookout.kernels.source.declare import i64_at, inline, u8_at, u32_at
from cleanroom.lookout.kernels.source.walking_table import (
    BACKWARD,
    BITS,
    COUNT,
    DELTA_KEPT_FROM,
    FOUND_LAYERS,
    FOUND_VIA,
    KEPT_FROM,
    LENGTH,
    SEGMENT,
    SEGMENT_SIZE,
    SEGMENTS,
    START,
    START_CLOCK,
    STARTS,
    TIME,
    WINDOW_HIGH,
    WINDOW_LOW,
)

NEVER = 1 << 62


@inline
def first_place(table, s):
    """Where a pass begins in a segment. Places grow along the walk: `number_at` tells the transfer."""
    return 0 if s < table[SEGMENTS] else last_place(table, s)


@inline
def last_place(table, s):
    """Where it ends; excluded."""
    segment = SEGMENT + s * SEGMENT_SIZE
    return table[segment + WINDOW_HIGH] - table[segment + WINDOW_LOW]


@inline
def number_at(table, s, place):
    """The transfer's number: from the window's beginning on, or backward from its end."""
    segment = SEGMENT + s * SEGMENT_SIZE
    if table[BACKWARD] != 0:
        return table[segment + WINDOW_HIGH] - 1 - place
    return table[segment + WINDOW_LOW] + place


@inline
def clock_at(table, s, place, end):
    """The time at a place, negated where the walk goes back; NEVER at the end."""
    if place >= end:
        return NEVER
    moment = i64_at(table[SEGMENT + s * SEGMENT_SIZE + TIME])[number_at(table, s, place)]
    return -moment if table[BACKWARD] != 0 else moment


@inline
def end_before(table, s, place, end, clock):
    """The first place from `place` on whose clock is not before `clock`. Looks near by first: runs are short."""
    step = 1
    low, high = place, place
    while high < end and clock_at(table, s, high, end) < clock:
        low = high + 1
        high += step
        step *= 2
    high = min(high, end)
    while low < high:
        middle = (low + high) >> 1
        if clock_at(table, s, middle, end) < clock:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def join(table, joined, clock):
    """Starts begin to walk when the pass is beyond their moment."""
    bits, start, clocks = u8_at(table[BITS]), u32_at(table[START]), i64_at(table[START_CLOCK])
    while joined < table[STARTS] and clocks[joined] < clock:
        bits[start[joined]] |= 1
        joined += 1
    return joined


@inline
def note_found(table, s, number, layers):
    """A record: by this transfer an account was first reached at these layers."""
    count = table[COUNT]
    u32_at(table[FOUND_VIA])[count] = number + s * table[SEGMENT + LENGTH]
    u8_at(table[FOUND_LAYERS])[count] = layers
    table[COUNT] = count + 1


def in_order(join, pass_run, pass_moment):
    """A pass over base and delta. Stretches of the base in which no transfer of the delta and no start lies go to
    `pass_run(table, place, end)`, other moments to `pass_moment(table, place, end, delta_place, delta_end)`.
    `join(table, joined, clock)` lets starts begin that are before the clock; it returns how many have."""

    @inline
    def pass_all(table):
        place, delta_place = first_place(table, 0), first_place(table, 1)
        end, delta_end = last_place(table, 0), last_place(table, 1)
        joined, clocks = 0, i64_at(table[START_CLOCK])
        while place < end or delta_place < delta_end:
            clock, delta_clock = clock_at(table, 0, place, end), clock_at(table, 1, delta_place, delta_end)
            joined = join(table, joined, min(clock, delta_clock))
            next_start = clocks[joined] + 1 if joined < table[STARTS] else NEVER
            if joined == 0:
                # Nobody walks yet.
                place = end_before(table, 0, place, end, next_start)
                delta_place = end_before(table, 1, delta_place, delta_end, next_start)
            elif clock < delta_clock:
                until = end_before(table, 0, place, end, min(delta_clock, next_start))
                pass_run(table, place, until)
                place = until
            else:
                until = end_before(table, 0, place, end, delta_clock + 1)
                delta_until = end_before(table, 1, delta_place, delta_end, delta_clock + 1)
                pass_moment(table, place, until, delta_place, delta_until)
                place, delta_place = until, delta_until
        join(table, joined, NEVER)

    return pass_all


@inline
def is_kept(table, s, origin, number):
    """Whether a transfer is among those that the rule keeps of the account where it begins."""
    if table[KEPT_FROM] == 0:
        return True
    return number >= u32_at(table[DELTA_KEPT_FROM if s else KEPT_FROM])[origin]

"""Layer after layer with a delay: all live events are kept, since a later arrival may lead where the first can't."""

from numpy import int64

from cleanroom.lookout.kernels.source.declare import i64_at, inline, kernel, u8_at, u32_at
from cleanroom.lookout.kernels.source.prefetching import prefetch
from cleanroom.lookout.kernels.source.walking_arrivals import entry_of, open_layer, place_in_table, widen
from cleanroom.lookout.kernels.source.walking_rows import fetch_ahead, is_later, rows_to_pass, trimmed
from cleanroom.lookout.kernels.source.walking_table import (
    ACCOUNT,
    ALONG,
    BACKWARD,
    BEFORE,
    BEGINS_US,
    CAPACITY,
    COUNT,
    CUT_ACCOUNTS,
    CUT_TRANSFERS,
    DELAY,
    DONE,
    END,
    EVENT_ARRIVAL,
    EVENT_BEFORE,
    EVENT_CAPACITY,
    EVENT_CLOCK,
    EVENT_VIA,
    EVENTS,
    EVENTS_AT,
    EVENTS_OF,
    FIRST,
    FLAGS,
    LAST,
    LAYER_EVENTS,
    LENGTH,
    LOOKED_AT,
    MASK,
    MOST_ACCOUNTS,
    MOST_LOOKED_AT,
    NEEDS_SPACE,
    NONE,
    ORDER,
    PAUSED,
    POSITION,
    SEGMENT,
    SEGMENT_SIZE,
    SIDE_NUMBER,
    SIDE_OTHER,
    SLICE,
    TABLE,
    TIME,
    VIA,
)

_AHEAD = 8
_FEW = 24  # events that are sorted by insertion


@kernel("i64(i64*)")
def open_delayed_layer(table):
    """The layer that was made becomes the one that is passed; its events are put together by arrival."""
    first, count = table[END], table[COUNT]
    events_of, events_at = u32_at(table[EVENTS_OF]), u32_at(table[EVENTS_AT])
    arrivals, order = u32_at(table[EVENT_ARRIVAL]), u32_at(table[ORDER])
    place = table[LAYER_EVENTS]
    for arrival in range(first, count):
        events_at[arrival] = place
        place += events_of[arrival]
        events_of[arrival] = 0
    for event in range(table[LAYER_EVENTS], table[EVENTS]):
        arrival = arrivals[event]
        order[events_at[arrival] + events_of[arrival]] = event
        events_of[arrival] += 1
    table[LAYER_EVENTS] = table[EVENTS]
    open_layer(table)
    return count


@kernel("i64(i64*)")
def walk_delayed_layer(table):
    """Pass the arrivals of a layer; goes on where the last call paused, and again where it needed space."""
    until = table[LOOKED_AT] + table[SLICE]
    while table[POSITION] < table[END]:
        if table[LOOKED_AT] >= until:
            return PAUSED
        fetch_ahead(table, table[POSITION])
        looked_at, events = table[LOOKED_AT], table[EVENTS]
        answer = pass_arrival(table, table[POSITION])
        if answer == NEEDS_SPACE:
            table[LOOKED_AT] = looked_at
            take_back(table, events)
        if answer != DONE:
            return answer
        table[POSITION] += 1
    return DONE


@inline
def take_back(table, events):
    """The account is passed again, and its events come again in the same places. In the last layer they stay."""
    if table[LAST] != 0:
        return
    events_of, arrivals = u32_at(table[EVENTS_OF]), u32_at(table[EVENT_ARRIVAL])
    for event in range(events, table[EVENTS]):
        events_of[arrivals[event]] -= 1
    table[EVENTS] = events


@inline
def pass_arrival(table, arrival):
    low, high, delta_low, delta_high = rows_to_pass(table, arrival)
    if low == high and delta_low == delta_high:
        return DONE
    if u32_at(table[VIA])[arrival] != NONE:
        sort_events(table, arrival)
    answer = DONE
    if low < high:
        answer = take_row(table, arrival, 0, low, high)
    if answer == DONE and delta_low < delta_high:
        answer = take_row(table, arrival, 1, delta_low, delta_high)
    return answer


@inline
def take_row(table, arrival, s, low, high):
    """Go along a row and, beside it, along the arrival's events: each entry continues the first event within the delay.

    The first transfer of a walk continues none and may take its time.
    """
    segment = SEGMENT + s * SEGMENT_SIZE
    number, other = u32_at(table[segment + ALONG + SIDE_NUMBER]), u32_at(table[segment + ALONG + SIDE_OTHER])
    time, shift = i64_at(table[segment + TIME]), s * table[SEGMENT + LENGTH]
    order, clocks, vias = u32_at(table[ORDER]), i64_at(table[EVENT_CLOCK]), u32_at(table[EVENT_VIA])
    backward, delay = table[BACKWARD] != 0, table[DELAY]
    sign = -1 if backward else 1
    begins_here = u32_at(table[VIA])[arrival] == NONE
    if begins_here:
        low, high = trimmed(table, s, low, high, NONE, i64_at(table[BEGINS_US])[arrival])
        event, events_end = 0, 0
    else:
        event = int64(u32_at(table[EVENTS_AT])[arrival])
        events_end = event + int64(u32_at(table[EVENTS_OF])[arrival])
        first = int64(order[event])
        low, high = trimmed(table, s, low, high, int64(vias[first]), sign * clocks[first])
    while low < high:
        if high - low > _AHEAD:
            prefetch(time, int64(number[high - _AHEAD if backward else low + _AHEAD]))
        row = high - 1 if backward else low
        via = int64(number[row])
        clock = sign * time[via]
        before = NONE
        if not begins_here:
            while event < events_end and clocks[order[event]] < clock - delay:
                event += 1
            if event == events_end:
                return DONE
            before = int64(order[event])
            if clocks[before] >= clock:
                low, high = trimmed(table, s, low, high, int64(vias[before]), sign * clocks[before])
                continue
        if table[LOOKED_AT] >= table[MOST_LOOKED_AT]:
            return CUT_TRANSFERS
        table[LOOKED_AT] += 1
        answer = add_event(table, arrival, int64(other[row]), shift + via, clock, before)
        if answer != DONE:
            return answer
        if backward:
            high -= 1
        else:
            low += 1
    return DONE


@inline
def add_event(table, arrival, account, via, clock, before):
    """A live event. The walk's last layer keeps only the first at each account."""
    count, event = table[COUNT], table[EVENTS]
    if count >= table[CAPACITY] or event >= table[EVENT_CAPACITY]:
        return NEEDS_SPACE
    found = arrival_at(table, arrival, account, via)
    if found < 0:
        return CUT_ACCOUNTS
    firsts, clocks, vias = u32_at(table[FIRST]), i64_at(table[EVENT_CLOCK]), u32_at(table[EVENT_VIA])
    is_new = found == count
    if not is_new:
        first = int64(firsts[found])
        is_first = is_before(table, clock, via, clocks[first], int64(vias[first]))
        if table[LAST] != 0:
            if not is_first:
                return DONE
            event = first
    if is_new or is_first:
        firsts[found], u32_at(table[VIA])[found], u32_at(table[BEFORE])[found] = event, via, arrival
    clocks[event], vias[event], u32_at(table[EVENT_BEFORE])[event] = clock, via, before
    u32_at(table[EVENT_ARRIVAL])[event] = found
    if event == table[EVENTS]:
        table[EVENTS] += 1
        u32_at(table[EVENTS_OF])[found] += 1
    return DONE


@inline
def arrival_at(table, arrival, account, via):
    """The account's arrival at the layer being made, a new one where it has none; -1 where no more are allowed."""
    entries, mask = i64_at(table[TABLE]), table[MASK]
    place = place_in_table(account, mask)
    entry = entries[place]
    while entry != 0:
        if entry >> 32 == account + 1:
            return entry & 0xFFFFFFFF
        place = (place + 1) & mask
        entry = entries[place]
    count = table[COUNT]
    if count >= table[MOST_ACCOUNTS]:
        return -1
    entries[place] = entry_of(account, count)
    u32_at(table[ACCOUNT])[count] = account
    u32_at(table[EVENTS_OF])[count] = 0
    u8_at(table[FLAGS])[count] = 0
    table[COUNT] = count + 1
    if 2 * (count + 1 - table[END]) > mask:
        widen(table, count + 1)
    return count


@inline
def is_before(table, clock, via, other_clock, other):
    """The order of events along a walk: by clock, then by id."""
    if clock != other_clock:
        return clock < other_clock
    return via != other and not is_later(table, via, other)


@inline
def sort_events(table, arrival):
    """The arrival's events in their order along the walk."""
    order, low = u32_at(table[ORDER]), int64(u32_at(table[EVENTS_AT])[arrival])
    count = int64(u32_at(table[EVENTS_OF])[arrival])
    if count > _FEW:
        for root in range(count // 2 - 1, -1, -1):
            sift(table, order, low, root, count)
        for last in range(count - 1, 0, -1):
            order[low], order[low + last] = order[low + last], order[low]
            sift(table, order, low, 0, last)
        return
    for i in range(1, count):
        moved = order[low + i]
        place = i
        while place > 0 and precedes(table, moved, order[low + place - 1]):
            order[low + place] = order[low + place - 1]
            place -= 1
        order[low + place] = moved


@inline
def sift(table, order, low, root, count):
    """Restore the heap, the last event on top."""
    while True:
        child = 2 * root + 1
        if child >= count:
            return
        if child + 1 < count and precedes(table, order[low + child], order[low + child + 1]):
            child += 1
        if not precedes(table, order[low + root], order[low + child]):
            return
        order[low + root], order[low + child] = order[low + child], order[low + root]
        root = child


@inline
def precedes(table, event, other):
    clocks, vias = i64_at(table[EVENT_CLOCK]), u32_at(table[EVENT_VIA])
    return is_before(table, clocks[event], int64(vias[event]), clocks[other], int64(vias[other]))

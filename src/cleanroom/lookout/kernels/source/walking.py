"""Layer after layer without a delay: the first arrival at each account is enough to go on from."""

from numpy import int64

from cleanroom.lookout.kernels.source.declare import i64_at, inline, kernel, u8_at, u32_at
from cleanroom.lookout.kernels.source.prefetching import prefetch
from cleanroom.lookout.kernels.source.searching import first_at_least
from cleanroom.lookout.kernels.source.walking_arrivals import entry_of, open_layer, place_in_table, widen
from cleanroom.lookout.kernels.source.walking_rows import (
    fetch_ahead,
    is_greater_id,
    rows_to_pass,
    time_of,
    trimmed,
)
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
    DONE,
    END,
    FLAGS,
    LENGTH,
    LOOKED_AT,
    LOW,
    MASK,
    MOST_ACCOUNTS,
    MOST_LOOKED_AT,
    NEEDS_SPACE,
    NONE,
    PAUSED,
    PLAIN,
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

_AHEAD = 12


@kernel("i64(i64*)")
def open_walk_layer(table):
    """The layer that was made becomes the one that is passed."""
    open_layer(table)
    return table[COUNT]


@kernel("i64(i64*)")
def walk_layer(table):
    """Pass the arrivals of a layer; goes on where the last call paused, and again where it needed space."""
    until = table[LOOKED_AT] + table[SLICE]
    while table[POSITION] < table[END]:
        if table[LOOKED_AT] >= until:
            return PAUSED
        fetch_ahead(table, table[POSITION])
        looked_at = table[LOOKED_AT]
        answer = pass_arrival(table, table[POSITION])
        if answer != DONE:
            if answer == NEEDS_SPACE:
                table[LOOKED_AT] = looked_at
            return answer
        table[POSITION] += 1
    return DONE


@inline
def pass_arrival(table, arrival):
    low, high, delta_low, delta_high = rows_to_pass(table, arrival)
    if table[PLAIN] == 0 and (low < high or delta_low < delta_high):
        via = u32_at(table[VIA])[arrival]
        moment = i64_at(table[BEGINS_US])[arrival] if via == NONE else time_of(table, int64(via))
        low, high = trimmed(table, 0, low, high, int64(via), moment)
        delta_low, delta_high = trimmed(table, 1, delta_low, delta_high, int64(via), moment)
    answer = DONE
    if low < high:
        answer = take_row(table, arrival, 0, low, high)
    if answer == DONE and delta_low < delta_high:
        answer = take_row(table, arrival, 1, delta_low, delta_high)
    return answer


@inline
def take_row(table, arrival, s, low, high):
    """Reach the other end of each entry in [low, high) of the account's row in a segment."""
    segment = SEGMENT + s * SEGMENT_SIZE
    number, other = u32_at(table[segment + ALONG + SIDE_NUMBER]), u32_at(table[segment + ALONG + SIDE_OTHER])
    base = table[SEGMENT + LENGTH]
    shift = s * base
    backward = table[BACKWARD] != 0
    accounts, vias, befores = u32_at(table[ACCOUNT]), u32_at(table[VIA]), u32_at(table[BEFORE])
    lows, flags, entries = u32_at(table[LOW]), u8_at(table[FLAGS]), i64_at(table[TABLE])
    mask, count, end, plain = table[MASK], table[COUNT], table[END], table[PLAIN] != 0
    most = min(table[CAPACITY], table[MOST_ACCOUNTS])
    length = high - low
    allowed = min(length, table[MOST_LOOKED_AT] - table[LOOKED_AT])
    table[LOOKED_AT] += allowed
    for i in range(allowed):
        row = high - 1 - i if backward else low + i
        if i + _AHEAD < length:
            ahead = row - _AHEAD if backward else row + _AHEAD
            prefetch(entries, place_in_table(int64(other[ahead]), mask))
        account, via = int64(other[row]), shift + int64(number[row])
        place = place_in_table(account, mask)
        entry = entries[place]
        while entry != 0 and entry >> 32 != account + 1:
            place = (place + 1) & mask
            entry = entries[place]
        if entry == 0:
            if count >= most:
                table[COUNT] = count
                return NEEDS_SPACE if table[CAPACITY] < table[MOST_ACCOUNTS] else CUT_ACCOUNTS
            accounts[count], vias[count], befores[count], flags[count] = account, via, arrival, 0
            if backward:
                lows[count] = first_of_moment(table, s, via - shift) + shift
            entries[place] = entry_of(account, count)
            count += 1
            if 2 * (count if plain else count - end) > mask:
                mask = widen(table, count)
            continue
        found = entry & 0xFFFFFFFF
        if found < end:
            continue
        known = int64(vias[found])
        if not backward and known < via and (known < base) == (via < base):
            continue
        if comes_first(table, backward, via, known, int64(lows[found]) if backward else 0):
            vias[found], befores[found] = via, arrival
            if backward:
                lows[found] = first_of_moment(table, s, via - shift) + shift
    table[COUNT] = count
    return CUT_TRANSFERS if allowed < length else DONE


@inline
def comes_first(table, backward, via, known, known_low):
    """Along the walk, by time and then id. `known_low`: the first transfer of the known one's moment and segment."""
    length = table[SEGMENT + LENGTH]
    if (via < length) == (known < length):
        if not backward:
            return via < known
        if via < known:
            return via >= known_low
        return via > known and time_of(table, via) > time_of(table, known)
    moment, known_moment = time_of(table, via), time_of(table, known)
    if moment != known_moment:
        return (moment < known_moment) != backward
    return not is_greater_id(table, via, known)


@inline
def first_of_moment(table, s, number):
    """The first transfer of a segment that shares the moment of this one."""
    time = i64_at(table[SEGMENT + s * SEGMENT_SIZE + TIME])
    if number == 0 or time[number - 1] != time[number]:
        return number
    return first_at_least(time, 0, number, time[number])

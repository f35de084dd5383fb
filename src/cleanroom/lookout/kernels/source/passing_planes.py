"""All transfers once, in order of time, for up to 256 starts that keep apart: how near each has come to each account.

Nearness is 7 less the layer, 0 where no walk arrived yet; it has three bits, and they lie in three planes of a bit per
start: a row per account. A transfer makes its end at least as near as its origin less one. Only the nearest layer
so far counts: without a delay, whatever a walk with more transfers leads to, it leads to as well.
"""

from numpy import int64

from cleanroom.lookout.kernels.source.declare import i64_at, inline, kernel, u8_at, u32_at
from cleanroom.lookout.kernels.source.passing_moments import (
    in_order,
    is_kept,
    number_at,
)
from cleanroom.lookout.kernels.source.passing_nearness import OWN, PLANE, ROW, bring_nearer
from cleanroom.lookout.kernels.source.prefetching import prefetch
from cleanroom.lookout.kernels.source.walking_table import (
    BACKWARD,
    BITS,
    HUB_BIT,
    LAYERS_ASKED,
    PLANES,
    SEGMENT,
    SEGMENT_SIZE,
    SHADOWS,
    START,
    START_CLOCK,
    START_PLACE,
    STARTS,
    TIME,
    TO,
)
from cleanroom.lookout.kernels.source.walking_table import FROM as ORIGINS

_REACHED, _HAS_SHADOW, _IS_END = 1, 2, 4  # bits of an account, beside HUB_BIT
_FAR, _NEAR = 128, 48  # transfers ahead: whether a walk stands where they begin; the rows of both ends


@inline
def join_planes(table, joined, clock):
    """Starts begin to walk when the pass is beyond their moment. One is as near to itself as can be."""
    start, start_place, clocks = u32_at(table[START]), u32_at(table[START_PLACE]), i64_at(table[START_CLOCK])
    planes, bits = i64_at(table[PLANES]), u8_at(table[BITS])
    while joined < table[STARTS] and clocks[joined] < clock:
        account, place = int64(start[joined]), int64(start_place[joined])
        for plane in range(3):
            planes[account * ROW + plane * PLANE + (place >> 6)] |= int64(1) << (place & 63)
        bits[account] |= _REACHED
        joined += 1
    return joined


@inline
def pass_run(table, place, end):
    """Transfers of the base alone."""
    origins, ends = u32_at(table[SEGMENT + ORIGINS]), u32_at(table[SEGMENT + TO])
    time, bits, planes = i64_at(table[SEGMENT + TIME]), u8_at(table[BITS]), i64_at(table[PLANES])
    step = -1 if table[BACKWARD] != 0 else 1
    number, last = number_at(table, 0, place), number_at(table, 0, end - 1)
    stop = last + step
    while number != stop:
        ahead = number + _FAR * step
        if (last - ahead) * step >= 0:
            prefetch(bits, int64(origins[ahead]))
        ahead = number + _NEAR * step
        if (last - ahead) * step >= 0 and bits[origins[ahead]] & _REACHED:
            fetch_planes(planes, int64(origins[ahead]))
            fetch_planes(planes, int64(ends[ahead]))
        if number != last and time[number + step] == time[number]:
            after = number + step
            while after != stop and time[after] == time[number]:
                after += step
            low, high = (number, after) if step > 0 else (after + 1, number + 1)
            pass_tie(table, low, high, 0, 0)
            number = after
            continue
        if bits[origins[number]] & _REACHED:
            carry(table, 0, number)
        number += step


@inline
def fetch_planes(planes, account):
    prefetch(planes, account * ROW)
    prefetch(planes, account * ROW + ROW // 2)


@inline
def pass_moment(table, place, end, delta_place, delta_end):
    backward = table[BACKWARD] != 0
    low = number_at(table, 0, end - 1 if backward else place)
    delta_low = number_at(table, 1, delta_end - 1 if backward else delta_place)
    pass_tie(table, low, low + end - place, delta_low, delta_low + delta_end - delta_place)


@inline
def pass_tie(table, low, high, delta_low, delta_high):
    """Transfers of one moment: none continues another, so an origin that is an end as well is seen as it was before."""
    if not any_reached(table, 0, low, high) and not any_reached(table, 1, delta_low, delta_high):
        return
    mark_ends(table, 0, low, high)
    mark_ends(table, 1, delta_low, delta_high)
    kept = keep_shadows(table, 0, low, high, 0)
    keep_shadows(table, 1, delta_low, delta_high, kept)
    carry_all(table, 0, low, high)
    carry_all(table, 1, delta_low, delta_high)
    unmark_ends(table, 0, low, high)
    unmark_ends(table, 1, delta_low, delta_high)


@inline
def any_reached(table, s, low, high):
    origins, bits = u32_at(table[SEGMENT + s * SEGMENT_SIZE + ORIGINS]), u8_at(table[BITS])
    number = low
    while number < high and bits[origins[number]] & _REACHED == 0:
        number += 1
    return number < high


@inline
def mark_ends(table, s, low, high):
    ends, bits = u32_at(table[SEGMENT + s * SEGMENT_SIZE + TO]), u8_at(table[BITS])
    for number in range(low, high):
        bits[ends[number]] |= _IS_END


@inline
def unmark_ends(table, s, low, high):
    ends, bits = u32_at(table[SEGMENT + s * SEGMENT_SIZE + TO]), u8_at(table[BITS])
    for number in range(low, high):
        bits[ends[number]] &= _REACHED | HUB_BIT


@inline
def keep_shadows(table, s, low, high, kept):
    """Rows as they were, one after the other; an account's row says which is its own. How many there are now."""
    origins, bits = u32_at(table[SEGMENT + s * SEGMENT_SIZE + ORIGINS]), u8_at(table[BITS])
    planes, shadows = i64_at(table[PLANES]), i64_at(table[SHADOWS])
    for number in range(low, high):
        account = int64(origins[number])
        if (bits[account] & (_IS_END | _HAS_SHADOW)) == _IS_END:
            bits[account] |= _HAS_SHADOW
            planes[account * ROW + OWN] = kept * ROW
            for word in range(OWN):
                shadows[kept * ROW + word] = planes[account * ROW + word]
            kept += 1
    return kept


@inline
def carry_all(table, s, low, high):
    origins, bits = u32_at(table[SEGMENT + s * SEGMENT_SIZE + ORIGINS]), u8_at(table[BITS])
    planes = i64_at(table[PLANES])
    for number in range(low, high):
        origin = int64(origins[number])
        if bits[origin] & _HAS_SHADOW:
            carry_from(table, i64_at(table[SHADOWS]), planes[origin * ROW + OWN], s, number)
        elif bits[origin] & _REACHED:
            carry(table, s, number)


@inline
def carry(table, s, number):
    origin = int64(u32_at(table[SEGMENT + s * SEGMENT_SIZE + ORIGINS])[number])
    carry_from(table, i64_at(table[PLANES]), origin * ROW, s, number)


@inline
def carry_from(table, seen, here, s, number):
    """Bring what the row at `seen[here]` says of the transfer's origin to its end."""
    segment = SEGMENT + s * SEGMENT_SIZE
    origin, end = int64(u32_at(table[segment + ORIGINS])[number]), int64(u32_at(table[segment + TO])[number])
    if not is_kept(table, s, origin, number):
        return
    bits = u8_at(table[BITS])
    beyond = 6 if bits[origin] & HUB_BIT else 7 - table[LAYERS_ASKED]
    if bring_nearer(seen, here, i64_at(table[PLANES]), end * ROW, beyond):
        bits[end] |= _REACHED


_pass_all = in_order(join_planes, pass_run, pass_moment)


@kernel("i64(i64*)")
def pass_planes(table):
    """Fills PLANES and the accounts' bits."""
    _pass_all(table)
    return 0


@kernel("i64(i64*, u8*, i64, i64*, i64*)")
def count_planes(planes, bits, accounts, counters, counts):
    """Accounts per nearness and start: counts[nearness * 256 + start]. `counters`: 7 * 4 * 8 words of zeros.

    A counter is eight words, one per binary digit of 64 counts; it is emptied before it can overflow.
    """
    seen = 0
    for account in range(accounts):
        if bits[account] & _REACHED == 0:
            continue
        for word in range(PLANE):
            place = account * ROW + word
            a2, a1, a0 = planes[place + 2 * PLANE], planes[place + PLANE], planes[place]
            if a2 | a1 | a0 == 0:
                continue
            for nearness in range(1, 8):
                one = (a2 if nearness & 4 else ~a2) & (a1 if nearness & 2 else ~a1) & (a0 if nearness & 1 else ~a0)
                digit = ((nearness - 1) * PLANE + word) * 8
                while one != 0:
                    carried = counters[digit] & one
                    counters[digit] ^= one
                    one = carried
                    digit += 1
        seen += 1
        if seen == 255:
            empty(counters, counts)
            seen = 0
    empty(counters, counts)
    return 0


@inline
def empty(counters, counts):
    for counter in range(7 * PLANE):
        nearness, word = counter // PLANE + 1, counter % PLANE
        for digit in range(8):
            held = counters[counter * 8 + digit]
            for place in range(64):
                counts[nearness * 256 + word * 64 + place] += ((held >> place) & 1) << digit
            counters[counter * 8 + digit] = 0


@kernel("i64(i64*, u8*, i64, i64, u8*)")
def layers_from(planes, bits, accounts, start, layers):
    """The nearest layer from one start per account, 255 where none; how many there are."""
    word, shift, found = start >> 6, start & 63, 0
    for account in range(accounts):
        layers[account] = 255
        if bits[account] & _REACHED:
            place = account * ROW + word
            nearness = ((planes[place] >> shift) & 1) | ((planes[place + PLANE] >> shift) & 1) << 1
            nearness |= ((planes[place + 2 * PLANE] >> shift) & 1) << 2
            if nearness != 0:
                layers[account] = 7 - nearness
                found += 1
    return found

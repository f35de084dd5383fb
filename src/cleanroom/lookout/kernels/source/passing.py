"""All transfers once, in order of time: where walks from all starts together stand, a bit per account and layer.

A transfer carries every layer of its origin one further. What is set for the first time is a first arrival.
"""

from numpy import int64, uint8

from cleanroom.lookout.kernels.source.declare import i64_at, inline, kernel, u8_at, u32_at
from cleanroom.lookout.kernels.source.passing_moments import (
    in_order,
    is_kept,
    join,
    note_found,
    number_at,
)
from cleanroom.lookout.kernels.source.prefetching import prefetch
from cleanroom.lookout.kernels.source.walking_rows import is_greater_id, is_hub, kept_of
from cleanroom.lookout.kernels.source.walking_table import (
    ALONG,
    BACKWARD,
    BITS,
    COUNT,
    DELTA_KEPT_FROM,
    FOUND_LAYERS,
    FOUND_VIA,
    FRESH,
    FROM,
    HUB_BIT,
    KEPT_FROM,
    LAYER_MASK,
    LENGTH,
    SEGMENT,
    SEGMENT_SIZE,
    SIDE_NUMBER,
    TIME,
    TO,
)

_AHEAD = 24


@kernel("i64(i64*, i64, i64)")
def mark_hubs(table, first, end):
    """Set HUB_BIT of the hubs among the accounts [first, end)."""
    bits = u8_at(table[BITS])
    for account in range(first, end):
        if is_hub(table, account):
            bits[account] |= HUB_BIT
    return 0


@kernel("i64(i64*, i64, i64)")
def find_kept(table, first, end):
    """For accounts [first, end) with more transfers than are kept: the first kept one's number in each segment."""
    kept_from, delta_kept_from = u32_at(table[KEPT_FROM]), u32_at(table[DELTA_KEPT_FROM])
    number = u32_at(table[SEGMENT + ALONG + SIDE_NUMBER])
    delta_number = u32_at(table[SEGMENT + SEGMENT_SIZE + ALONG + SIDE_NUMBER])
    truncated = 0
    for account in range(first, end):
        low, high, delta_low, delta_high, less = kept_of(table, account)
        if less:
            truncated += 1
            kept_from[account] = number[low] if low < high else table[SEGMENT + LENGTH]
            delta_kept_from[account] = (
                delta_number[delta_low] if delta_low < delta_high else table[SEGMENT + SEGMENT_SIZE + LENGTH]
            )
    return truncated


@inline
def pass_run(table, place, end):
    """Transfers of the base alone. What shares a moment waits for the whole of it."""
    origins, ends, time = (
        u32_at(table[SEGMENT + FROM]),
        u32_at(table[SEGMENT + TO]),
        i64_at(table[SEGMENT + TIME]),
    )
    bits, mask = u8_at(table[BITS]), table[LAYER_MASK]
    step = -1 if table[BACKWARD] != 0 else 1
    kept_from = u32_at(table[KEPT_FROM])
    keeps = table[KEPT_FROM] != 0
    found_via, found_layers, count = u32_at(table[FOUND_VIA]), u8_at(table[FOUND_LAYERS]), table[COUNT]
    number, last = number_at(table, 0, place), number_at(table, 0, end - 1)
    stop = last + step
    while number != stop:
        ahead = number + _AHEAD * step
        if (last - ahead) * step >= 0:
            prefetch(bits, int64(origins[ahead]))
            prefetch(bits, int64(ends[ahead]))
        if number != last and time[number + step] == time[number]:
            table[COUNT] = count
            number = pass_tie(table, number, last, step)
            count = table[COUNT]
            continue
        here = int64(bits[origins[number]])
        if here & HUB_BIT:
            here &= 1
        if here != 0:
            there = int64(bits[ends[number]])
            new = (here << 1) & ~there & mask
            if new != 0 and (not keeps or number >= kept_from[origins[number]]):
                bits[ends[number]] = there | new
                found_via[count], found_layers[count] = number, new
                count += 1
        number += step
    table[COUNT] = count


@inline
def pass_tie(table, number, last, step):
    """The transfers from `number` on that share its moment, all in the base; the number after them."""
    ends, time = u32_at(table[SEGMENT + TO]), i64_at(table[SEGMENT + TIME])
    after = number + step
    while after != last + step and time[after] == time[number]:
        after += step
    low, high = (number, after) if step > 0 else (after + 1, number + 1)
    count = table[COUNT]
    for k in range(low, high):
        carry(table, 0, k)
    if table[COUNT] != count:
        settle(table, ends, low, high)
    return after


@inline
def settle(table, ends, low, high):
    """What came with the transfers [low, high) counts from now on."""
    bits, fresh = u8_at(table[BITS]), u8_at(table[FRESH])
    for k in range(low, high):
        account = ends[k]
        bits[account] |= fresh[account]
        fresh[account] = 0


@inline
def pass_moment(table, place, end, delta_place, delta_end):
    """Transfers of one moment, by id: none of them continues another. Their news count when all are through."""
    backward = table[BACKWARD] != 0
    base_ends, delta_ends = u32_at(table[SEGMENT + TO]), u32_at(table[SEGMENT + SEGMENT_SIZE + TO])
    length = table[SEGMENT + LENGTH]
    here, there = end - place, delta_end - delta_place
    # Within a moment ids ascend with numbers, whatever the walk's direction.
    own = number_at(table, 0, end - 1 if backward else place)
    delta_own = number_at(table, 1, delta_end - 1 if backward else delta_place)
    i, j = 0, 0
    while i < here or j < there:
        if j == there or (i < here and not is_greater_id(table, own + i, length + delta_own + j)):
            carry(table, 0, own + i)
            i += 1
        else:
            carry(table, 1, delta_own + j)
            j += 1
    settle(table, base_ends, own, own + here)
    settle(table, delta_ends, delta_own, delta_own + there)


@inline
def carry(table, s, number):
    """One transfer of several at the same moment."""
    segment = SEGMENT + s * SEGMENT_SIZE
    origin, end = u32_at(table[segment + FROM])[number], u32_at(table[segment + TO])[number]
    bits, fresh = u8_at(table[BITS]), u8_at(table[FRESH])
    here = int64(bits[origin])
    if here & HUB_BIT:
        here &= 1
    new = (here << 1) & ~int64(bits[end] | fresh[end]) & table[LAYER_MASK]
    if new == 0 or not is_kept(table, s, origin, number):
        return
    fresh[end] |= uint8(new)
    note_found(table, s, number, new)


_pass_all = in_order(join, pass_run, pass_moment)


@kernel("i64(i64*)")
def pass_in_time(table):
    """Fills BITS and what is found, in the order of the walk; the number of records."""
    _pass_all(table)
    return table[COUNT]

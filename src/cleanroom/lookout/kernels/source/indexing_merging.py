"""Two ordered segments to one, in one pass over each: a merge is no sort.

`places[j]`, ascending, says how many of the base are less than transfer j of the delta; so j becomes `places[j] + j`,
and a transfer of the base moves up by the number of places that are not over it.
"""

import numpy as np

from cleanroom.lookout.kernels.source.declare import inline, kernel
from cleanroom.lookout.kernels.source.indexing import id_order
from cleanroom.lookout.kernels.source.searching import first_greater


@kernel("i64(i64*, u8*, i64, i64*, u8*, i64, i64*, u8*)")
def merge_places(base_time, base_ids, base, time_us, ids, transfers, places, equal):
    """Places of ordered transfers; `equal` marks those that are in the base, by (time, id), where their place is."""
    total = 0
    low = 0
    for i in range(transfers):
        step = 1
        high = low
        while high < base and is_less(base_time, base_ids, high, time_us, ids, i):
            low = high + 1
            high += step
            step <<= 1
        high = min(high, base)
        while low < high:
            middle = (low + high) >> 1
            if is_less(base_time, base_ids, middle, time_us, ids, i):
                low = middle + 1
            else:
                high = middle
        places[i] = low
        same = low < base and base_time[low] == time_us[i] and id_order(base_ids, low, ids, i) == 0
        equal[i] = np.uint8(same)
        total += same
    return total


@inline
def is_less(base_time, base_ids, row, time_us, ids, other):
    if base_time[row] != time_us[other]:
        return base_time[row] < time_us[other]
    return id_order(base_ids, row, ids, other) < 0


@inline
def first_from(places, transfers, first):
    """How many of the delta come before place `first` of the whole."""
    low = 0
    high = transfers
    while low < high:
        middle = (low + high) >> 1
        if places[middle] + middle < first:
            low = middle + 1
        else:
            high = middle
    return low


@inline
def merge_values(base, delta, places, transfers, first, last, out):
    j = first_from(places, transfers, first)
    place = first
    while place < last:
        end = min(last, places[j] + j) if j < transfers else last
        for k in range(place, end):
            out[k - first] = base[k - j]
        place = end
        if place < last:
            out[place - first] = delta[j]
            j += 1
            place += 1


@kernel("i64(u32*, u32*, i64*, i64, i64, i64, u32*)")
def merge_u32(base, delta, places, transfers, first, last, out):
    """Rows `first..last` of the whole; so for the other types."""
    merge_values(base, delta, places, transfers, first, last, out)
    return 0


@kernel("i64(i64*, i64*, i64*, i64, i64, i64, i64*)")
def merge_i64(base, delta, places, transfers, first, last, out):
    merge_values(base, delta, places, transfers, first, last, out)
    return 0


@kernel("i64(u64*, u64*, i64*, i64, i64, i64, u64*)")
def merge_pairs(base, delta, places, transfers, first, last, out):
    """Of ids seen as two words each."""
    j = first_from(places, transfers, first)
    place = first
    while place < last:
        end = min(last, places[j] + j) if j < transfers else last
        for k in range(place << 1, end << 1):
            out[k - (first << 1)] = base[k - (j << 1)]
        place = end
        if place < last:
            out[(place - first) << 1] = delta[j << 1]
            out[((place - first) << 1) + 1] = delta[(j << 1) + 1]
            j += 1
            place += 1
    return 0


@kernel("i64(i64*, i64, i64, i64, i64*)")
def count_before(places, transfers, shift, blocks, before):
    """`before[b]`: how many places are less than `b << shift`, for `b` up to and with `blocks`."""
    j = 0
    for block in range(blocks + 1):
        while j < transfers and places[j] < block << shift:
            j += 1
        before[block] = j
    return 0


@kernel("i64(u32*, i64, u32*, u32*, i64, i64, i64, u32*)")
def merge_offsets(offsets, rows, own, delta_offsets, delta_rows, first, last, out):
    """`out[a]` for accounts `first..last`: entries of base and delta before account a."""
    row = first_row(own, delta_rows, first)
    end = np.int64(offsets[rows])
    for account in range(first, last):
        while row < delta_rows and np.int64(own[row]) < account:
            row += 1
        base = np.int64(offsets[account]) if account < rows else end
        out[account] = np.uint32(base + np.int64(delta_offsets[row]))
    return 0


@inline
def first_row(own, rows, account):
    low = 0
    high = rows
    while low < high:
        middle = (low + high) >> 1
        if np.int64(own[middle]) < account:
            low = middle + 1
        else:
            high = middle
    return low


@kernel("i64(u32*, u32*, u32*, i64, u32*, u32*, u32*, u32*, i64, i64*, i64, i64*, i64, i64, i64, u32*, u32*)")
def merge_side(
    offsets,
    number,
    other,
    rows,
    own,
    delta_offsets,
    delta_number,
    delta_other,
    delta_rows,
    places,
    transfers,
    before,
    shift,
    first,
    last,
    number_out,
    other_out,
):
    """Entries of accounts `first..last`, each account's in the order of their new numbers."""
    row = first_row(own, delta_rows, first)
    base_end = np.int64(offsets[rows])
    out = np.int64(delta_offsets[row]) + (np.int64(offsets[first]) if first < rows else base_end)
    untouched = places[0]
    for account in range(first, last):
        i = np.int64(offsets[account]) if account < rows else base_end
        i_end = np.int64(offsets[account + 1]) if account < rows else base_end
        j = 0
        j_end = 0
        if row < delta_rows and np.int64(own[row]) == account:
            j = np.int64(delta_offsets[row])
            j_end = np.int64(delta_offsets[row + 1])
            row += 1
        while i < i_end:
            old = np.int64(number[i])
            moved = old
            if old >= untouched:
                block = old >> shift
                moved += first_greater(places, before[block], before[block + 1], old)
            while j < j_end:
                late = np.int64(delta_number[j])
                if places[late] + late > moved:
                    break
                number_out[out] = np.uint32(places[late] + late)
                other_out[out] = delta_other[j]
                out += 1
                j += 1
            number_out[out] = np.uint32(moved)
            other_out[out] = other[i]
            out += 1
            i += 1
        while j < j_end:
            late = np.int64(delta_number[j])
            number_out[out] = np.uint32(places[late] + late)
            other_out[out] = delta_other[j]
            out += 1
            j += 1
    return out

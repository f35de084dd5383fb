"""Order of transfers and the entries of each account: what turns columns into a segment."""

import numpy as np

from cleanroom.lookout.kernels.source.declare import inline, kernel
from cleanroom.lookout.kernels.source.prefetching import prefetch

_DIGIT_BITS = 11
_FAR, _NEAR = 64, 32  # transfers ahead
_FEW = 40  # rows that insertion sorts faster than counting does


@inline
def id_word(ids, row, half):
    """Bytes `8 * half ...` of a row's id as a big-endian number: numbers compare as the ids' hex digits do."""
    word = np.uint64(0)
    start = (row << 4) + (half << 3)
    for i in range(8):
        word = (word << np.uint64(8)) | np.uint64(ids[start + i])
    return word


@inline
def id_order(ids, one, other_ids, two):
    """-1, 0 or 1 as id `one` is less than, equal to or greater than `two`."""
    for half in range(2):
        a = id_word(ids, one, half)
        b = id_word(other_ids, two, half)
        if a != b:
            return -1 if a < b else 1
    return 0


@kernel("i64(i64*, u8*, i64, i64)")
def first_disorder(time_us, ids, first, last):
    """The first row of `first..last` that is less than the row before it by (time, id); `last` where none is."""
    for row in range(max(first, 1), last):
        if time_us[row] > time_us[row - 1]:
            continue
        if time_us[row] < time_us[row - 1] or id_order(ids, row, ids, row - 1) < 0:
            return row
    return last


@kernel("i64(i64*, i64)")
def times_ascend(time_us, rows):
    for row in range(1, rows):
        if time_us[row] < time_us[row - 1]:
            return 0
    return 1


@kernel("i64(i64*, i64, i64, i64, i64, i64*)")
def count_times(time_us, first, last, least, shift, counts):
    """Rows of `first..last` per bucket `(time - least) >> shift`."""
    for row in range(first, last):
        counts[(time_us[row] - least) >> shift] += 1
    return 0


@kernel("i64(i64*, i64, i64, i64, i64, i64*, u64*, u32*)")
def deal_times(time_us, first, last, least, shift, places, keys, rows):
    """Put (time - least, row) of `first..last` where its bucket's next place is; `places` move on."""
    for row in range(first, last):
        key = time_us[row] - least
        place = places[key >> shift]
        places[key >> shift] = place + 1
        keys[place] = np.uint64(key)
        rows[place] = np.uint32(row)
    return 0


@kernel("i64(u64*, u32*, u64*, u32*, i64*, i64*, i64, i64)")
def sort_buckets(keys, rows, spare_keys, spare_rows, counts, starts, first, last):
    """Sort buckets `first..last`, each `starts[b]:starts[b + 1]`, by key and then by the order they stand in."""
    for bucket in range(first, last):
        sort_keys(keys, rows, starts[bucket], starts[bucket + 1], spare_keys, spare_rows, counts)
    return 0


@inline
def sort_keys(keys, rows, first, last, spare_keys, spare_rows, counts):
    """Stable, by `keys`, with `rows` going along. The spares hold `last - first`, `counts` 2**11."""
    if last - first <= _FEW:
        insert_keys(keys, rows, first, last)
        return
    least = keys[first]
    most = keys[first]
    for i in range(first, last):
        least = min(least, keys[i])
        most = max(most, keys[i])
    shift = 0
    while shift < 64 and (most - least) >> np.uint64(shift) != np.uint64(0):
        sort_digit(keys, rows, first, last, least, shift, spare_keys, spare_rows, counts)
        shift += _DIGIT_BITS


@inline
def sort_digit(keys, rows, first, last, least, shift, spare_keys, spare_rows, counts):
    mask = np.uint64((1 << _DIGIT_BITS) - 1)
    for digit in range(1 << _DIGIT_BITS):
        counts[digit] = 0
    for i in range(first, last):
        counts[np.int64(((keys[i] - least) >> np.uint64(shift)) & mask)] += 1
    total = 0
    for digit in range(1 << _DIGIT_BITS):
        count = counts[digit]
        counts[digit] = total
        total += count
    for i in range(first, last):
        digit = np.int64(((keys[i] - least) >> np.uint64(shift)) & mask)
        place = counts[digit]
        counts[digit] = place + 1
        spare_keys[place] = keys[i]
        spare_rows[place] = rows[i]
    for i in range(last - first):
        keys[first + i] = spare_keys[i]
        rows[first + i] = spare_rows[i]


@inline
def insert_keys(keys, rows, first, last):
    for i in range(first + 1, last):
        key = keys[i]
        row = rows[i]
        j = i - 1
        while j >= first and keys[j] > key:
            keys[j + 1] = keys[j]
            rows[j + 1] = rows[j]
            j -= 1
        keys[j + 1] = key
        rows[j + 1] = row


@inline
def end_of_run(keys, start, last):
    """The first place after `start`, at most `last`, with another key."""
    end = start + 1
    while end < last and keys[end] == keys[start]:
        end += 1
    return end


@kernel("i64(u64*, u32*, u64*, u32*, i64*, u8*, i64, i64)")
def order_ties(keys, rows, spare_keys, spare_rows, counts, ids, first, last):
    """Within each run of equal keys of `first..last`, order the rows by their ids. Gives the longest run."""
    longest = 0
    start = first
    while start < last:
        end = end_of_run(keys, start, last)
        if end - start > 1:
            order_run(keys, rows, start, end, spare_keys, spare_rows, counts, ids)
        longest = max(longest, end - start)
        start = end
    return longest


@inline
def order_run(keys, rows, first, last, spare_keys, spare_rows, counts, ids):
    """By the id's first half, then runs of an equal first half by the second; the keys are as before after it."""
    if last - first <= _FEW:
        insert_ids(rows, first, last, ids)
        return
    common = keys[first]
    for i in range(first, last):
        keys[i] = id_word(ids, np.int64(rows[i]), 0)
    sort_keys(keys, rows, first, last, spare_keys, spare_rows, counts)
    start = first
    while start < last:
        end = end_of_run(keys, start, last)
        if end - start > 1:
            for i in range(start, end):
                keys[i] = id_word(ids, np.int64(rows[i]), 1)
            sort_keys(keys, rows, start, end, spare_keys, spare_rows, counts)
        start = end
    for i in range(first, last):
        keys[i] = common


@inline
def insert_ids(rows, first, last, ids):
    for i in range(first + 1, last):
        row = rows[i]
        j = i - 1
        while j >= first and id_order(ids, np.int64(rows[j]), ids, np.int64(row)) > 0:
            rows[j + 1] = rows[j]
            j -= 1
        rows[j + 1] = row


@kernel("i64(u64*, i64, i64, i64, i64*)")
def times_of(keys, first, last, least, time_us):
    for i in range(first, last):
        time_us[i] = np.int64(keys[i]) + least
    return 0


@kernel("i64(u32*, i64, i64, i64*)")
def closed_pieces(rows, count, least, ends):
    """Cut the permutation `rows` into pieces of `least` rows or more, each a permutation of its own places.

    `ends[1:]` get the places after each; gives how many pieces there are.
    """
    pieces = 0
    highest = 0
    for i in range(count):
        highest = max(highest, np.int64(rows[i]))
        if i + 1 == count or (highest == i and i + 1 - ends[pieces] >= least):
            pieces += 1
            ends[pieces] = i + 1
    return pieces


@kernel("i64(u32*, u32*, i64, i64, u32*)")
def take_u32(values, rows, first, last, out):
    """`out[i - first] = values[rows[i]]`; so for the other takes."""
    for i in range(first, last):
        out[i - first] = values[rows[i]]
    return 0


@kernel("i64(i64*, u32*, i64, i64, i64*)")
def take_i64(values, rows, first, last, out):
    for i in range(first, last):
        out[i - first] = values[rows[i]]
    return 0


@kernel("i64(u64*, u32*, i64, i64, u64*)")
def take_pairs(values, rows, first, last, out):
    """Of ids seen as two words each."""
    for i in range(first, last):
        row = np.int64(rows[i]) << 1
        out[(i - first) << 1] = values[row]
        out[((i - first) << 1) + 1] = values[row + 1]
    return 0


@kernel("i64(u32*, u32*, i64, u32*, i64, u32*, u32*)")
def place_side(own, other, transfers, starts, accounts, number_out, other_out):
    """Counting sort of the transfers by `own`, with a row for every account.

    `starts` has `accounts + 2` zeros and ends as the offsets (its last entry is not one of them).
    """
    for i in range(transfers):
        starts[own[i] + 2] += 1
    for account in range(2, accounts + 2):
        starts[account] += starts[account - 1]
    for i in range(transfers):
        if i + _FAR < transfers:
            prefetch(starts, np.int64(own[i + _FAR]) + 1)
            place = np.int64(starts[own[i + _NEAR] + 1])
            prefetch(number_out, place)
            prefetch(other_out, place)
        place = starts[own[i] + 1]
        starts[own[i] + 1] = place + 1
        number_out[place] = np.uint32(i)
        other_out[place] = other[i]
    return 0


@kernel("i64(u32*, u32*, i64, u64*, u64*, u32*, i64*, u32*, u32*, u32*, u32*)")
def place_compact_side(
    own, other, transfers, keys, spare_keys, spare_rows, counts, accounts, offsets, number_out, other_out
):
    """As `place_side`, with rows only for accounts that occur. Gives their number."""
    for i in range(transfers):
        keys[i] = np.uint64(own[i])
        number_out[i] = np.uint32(i)
    sort_keys(keys, number_out, 0, transfers, spare_keys, spare_rows, counts)
    rows = 0
    for i in range(transfers):
        if i == 0 or keys[i] != keys[i - 1]:
            accounts[rows] = np.uint32(keys[i])
            offsets[rows] = np.uint32(i)
            rows += 1
        other_out[i] = other[number_out[i]]
    offsets[rows] = np.uint32(transfers)
    return rows

"""Is a transfer id known? Fingerprints of 64 bits, sorted; a base keeps 32 bits of each, in buckets by the first bits.

Equal fingerprints are a reason to look, never an answer.
"""

import numpy as np

from cleanroom.lookout.kernels.source.declare import inline, kernel
from cleanroom.lookout.kernels.source.indexing_tokens import mixed

_COARSE_BITS = 11
_LOW = 0xFFFFFFFF
_CROWDED = 200


@inline
def fingerprint(words, row, seed):
    return mixed(words[row << 1], words[(row << 1) + 1], seed)


@kernel("i64(u64*, i64, i64, i64, u64*)")
def fingerprints_of(words, first, last, seed_bits, out):
    for row in range(first, last):
        out[row] = fingerprint(words, row, np.uint64(seed_bits))
    return 0


@kernel("i64(u64*, i64, i64, i64, i64*)")
def count_coarse(words, first, last, seed_bits, counts):
    """Ids of `first..last` by the first 11 bits of their fingerprint."""
    for row in range(first, last):
        counts[np.int64(fingerprint(words, row, np.uint64(seed_bits)) >> np.uint64(64 - _COARSE_BITS))] += 1
    return 0


@kernel("i64(u64*, i64, i64, i64, i64*, u64*)")
def deal_coarse(words, first, last, seed_bits, places, out):
    """Fingerprints of `first..last` to the next places of their coarse buckets; `places` move on."""
    for row in range(first, last):
        found = fingerprint(words, row, np.uint64(seed_bits))
        coarse = np.int64(found >> np.uint64(64 - _COARSE_BITS))
        place = places[coarse]
        places[coarse] = place + 1
        out[place] = found
    return 0


@kernel("i64(u64*, i64*, i64, i64, i64, i64*, u64*, u32*, u32*)")
def fill_buckets(dealt, starts, first, last, bits, cursors, spare, offsets, tags):
    """Coarse buckets `first..last` of dealt fingerprints to buckets of their first `bits` bits (at least 11).

    `offsets[b + 1]` becomes the end of bucket b, `tags` the low halves. Gives how many fingerprints stand twice.
    """
    fine = 1 << (bits - _COARSE_BITS)
    twins = 0
    for coarse in range(first, last):
        start = starts[coarse]
        end = starts[coarse + 1]
        for i in range(fine):
            cursors[i] = 0
        for i in range(start, end):
            cursors[np.int64(dealt[i] >> np.uint64(64 - bits)) & (fine - 1)] += 1
        total = 0
        for i in range(fine):
            count = cursors[i]
            cursors[i] = total
            total += count
            offsets[coarse * fine + i + 1] = np.uint32(start + total)
        for i in range(start, end):
            bucket = np.int64(dealt[i] >> np.uint64(64 - bits)) & (fine - 1)
            spare[cursors[bucket]] = dealt[i]
            cursors[bucket] += 1
        twins += twins_of(spare, start, offsets, coarse * fine, fine)
        for i in range(start, end):
            tags[i] = np.uint32(spare[i - start] & np.uint64(_LOW))
    return twins


@inline
def twins_of(found, start, offsets, bucket, buckets):
    """Pairs of equal fingerprints within each of the buckets; `found` begins at `start`."""
    twins = 0
    low = 0
    for b in range(bucket, bucket + buckets):
        high = np.int64(offsets[b + 1]) - start
        if high - low > _CROWDED:
            twins += 1  # no such bucket comes about by chance: somebody looks closer
            low = high
            continue
        for i in range(low + 1, high):
            for j in range(low, i):
                twins += found[i] == found[j]
        low = high
    return twins


@kernel("i64(u64*, i64, i64, u32*, u32*, u8*)")
def in_buckets(found, count, bits, offsets, tags, hits):
    """Marks which of the sorted fingerprints may be in the buckets."""
    total = 0
    for i in range(count):
        bucket = np.int64(found[i] >> np.uint64(64 - bits))
        tag = np.uint32(found[i] & np.uint64(_LOW))
        hit = 0
        for place in range(np.int64(offsets[bucket]), np.int64(offsets[bucket + 1])):
            hit |= tags[place] == tag
        hits[i] = np.uint8(hit)
        total += hit
    return total


@kernel("i64(u64*, i64, i64, u32*, u32*, i64, i64, u32*, u32*)")
def merge_buckets(found, count, bits, offsets, tags, first, last, offsets_out, tags_out):
    """Buckets `first..last` with the sorted fingerprints put in. `offsets_out[b + 1]` becomes the end of bucket b."""
    low = 0
    high = count
    while low < high:
        middle = (low + high) >> 1
        if np.int64(found[middle] >> np.uint64(64 - bits)) < first:
            low = middle + 1
        else:
            high = middle
    place = np.int64(offsets[first]) + low
    for bucket in range(first, last):
        for i in range(np.int64(offsets[bucket]), np.int64(offsets[bucket + 1])):
            tags_out[place] = tags[i]
            place += 1
        while low < count and np.int64(found[low] >> np.uint64(64 - bits)) == bucket:
            tags_out[place] = np.uint32(found[low] & np.uint64(_LOW))
            place += 1
            low += 1
        offsets_out[bucket + 1] = np.uint32(place)
    return place


@kernel("i64(u64*, i64, u64*, i64, u8*)")
def in_sorted(found, count, others, length, hits):
    """Marks which of the sorted fingerprints are among the sorted others."""
    total = 0
    place = 0
    for i in range(count):
        while place < length and others[place] < found[i]:
            place += 1
        hit = place < length and others[place] == found[i]
        hits[i] = np.uint8(hit)
        total += hit
    return total


@kernel("i64(u64*, i64, u64*, i64, u64*)")
def merge_sorted(one, length, two, count, out):
    i = 0
    j = 0
    while i < length or j < count:
        if j == count or (i < length and one[i] <= two[j]):
            out[i + j] = one[i]
            i += 1
        else:
            out[i + j] = two[j]
            j += 1
    return i + j


@kernel("i64(u64*, i64, i64, u64*, u64*, i64, u8*)")
def find_ids(words, start, end, firsts, seconds, wanted, hits):
    """Marks which of the wanted ids, sorted by their two words, are among rows `start..end`."""
    total = 0
    for row in range(start, end):
        first = words[row << 1]
        second = words[(row << 1) + 1]
        low = 0
        high = wanted
        while low < high:
            middle = (low + high) >> 1
            if firsts[middle] < first or (firsts[middle] == first and seconds[middle] < second):
                low = middle + 1
            else:
                high = middle
        if low < wanted and firsts[low] == first and seconds[low] == second:
            hits[low] = np.uint8(1)
            total += 1
    return total

"""Tokens to dense numbers: an open-addressing table of (32 bits of hash, number + 1), zero where a slot is free.

A slot's place follows from those 32 bits alone, so a table grows without looking at the tokens again. Tokens are
outputs of an HMAC, so nobody chooses their bits and mixing them with a seed of the index is enough.
"""

import numpy as np

from cleanroom.lookout.kernels.source.declare import inline, kernel
from cleanroom.lookout.kernels.source.prefetching import prefetch

_UNKNOWN = 0xFFFFFFFF
_LOW = 0xFFFFFFFF
_AHEAD = 60  # rows whose slots are on their way while one is looked up
_NEAR = 30  # rows whose slots are here, and whose likely tokens are on their way
_RING = 64


@inline
def mixed(first, second, seed):
    """64 well-mixed bits of 16 bytes (multiply and fold, three times)."""
    word = (first ^ seed) * np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(32))) + second
    word *= np.uint64(0xD6E8FEB86659FD93)
    word ^= word >> np.uint64(32)
    word *= np.uint64(0xC2B2AE3D27D4EB4F)
    return word ^ (word >> np.uint64(29))


@inline
def short_hash(words, row, seed):
    return mixed(words[row << 1], words[(row << 1) + 1], seed) >> np.uint64(32)


@inline
def slot_of(short, capacity):
    return np.int64((short * np.uint64(capacity)) >> np.uint64(32))


@inline
def is_same(known, number, words, row):
    return known[number << 1] == words[row << 1] and known[(number << 1) + 1] == words[(row << 1) + 1]


@inline
def number_of(words, row, short, slots, capacity, known, count):
    """(number or -1, the slot where it stands or belongs). Of `known` only `count` tokens are looked at."""
    slot = slot_of(short, capacity)
    while slots[slot] != np.uint64(0):
        if slots[slot] >> np.uint64(32) == short:
            number = np.int64(slots[slot] & np.uint64(_LOW)) - 1
            if number < count and is_same(known, number, words, row):
                return number, slot
        slot += 1
        if slot == capacity:
            slot = 0
    return -1, slot


@inline
def look_ahead(words, row, start, rows, slots, capacity, known, seed, ring):
    """Fetch the slot of the row that is `_AHEAD` away, and the token that the slot of a nearer one names."""
    ahead = row + _AHEAD
    if ahead < rows:
        short = short_hash(words, ahead, seed)
        ring[ahead & (_RING - 1)] = short
        prefetch(slots, slot_of(short, capacity))
    near = row + _NEAR
    if start <= near < rows:
        entry = slots[slot_of(ring[near & (_RING - 1)], capacity)]
        prefetch(known, (np.int64(entry & np.uint64(_LOW)) - 1) << 1)


@kernel("i64(u64*, i64, u64*, i64, u64*, i64, i64, u64*, u32*)")
def find_tokens(words, rows, slots, capacity, known, count, seed_bits, ring, numbers):
    """The number of each token or 0xFFFFFFFF; gives how many are unknown. `ring` is scratch of 64.

    Another thread may put tokens into the same table meanwhile: then one that is there may be missed, and none is
    taken for another, since a slot is written once, as one word, and its token is compared.
    """
    seed = np.uint64(seed_bits)
    unknown = 0
    for row in range(-_AHEAD, rows):
        look_ahead(words, row, 0, rows, slots, capacity, known, seed, ring)
        if row >= 0:
            number, _ = number_of(words, row, ring[row & (_RING - 1)], slots, capacity, known, count)
            numbers[row] = np.uint32(number) if number >= 0 else np.uint32(_UNKNOWN)
            unknown += number < 0
    return unknown


@kernel("i64(u64*, i64, i64, u64*, i64, u64*, i64*, i64, i64, u64*, u32*)")
def intern_tokens(words, start, rows, slots, capacity, known, count, limit, seed_bits, ring, numbers):
    """As `find_tokens` from row `start` on; a new token gets the next number and joins `known`.

    Stops before a row that could be one too many for `limit`. Gives the row to go on with.
    """
    seed = np.uint64(seed_bits)
    for row in range(start - _AHEAD, rows):
        if row >= start and count[0] == limit:
            return row
        look_ahead(words, row, start, rows, slots, capacity, known, seed, ring)
        if row < start:
            continue
        short = ring[row & (_RING - 1)]
        number, slot = number_of(words, row, short, slots, capacity, known, count[0])
        if number < 0:
            number = count[0]
            known[number << 1] = words[row << 1]
            known[(number << 1) + 1] = words[(row << 1) + 1]
            slots[slot] = (short << np.uint64(32)) | np.uint64(number + 1)
            count[0] = number + 1
        numbers[row] = np.uint32(number)
    return rows


@kernel("i64(u64*, i64, u64*, i64, i64)")
def move_slots(slots, capacity, wider, wider_capacity, add):
    """Put every entry of one table into another that has room, its number raised by `add`. The tokens differ."""
    for place in range(capacity):
        entry = slots[place]
        if entry != np.uint64(0):
            slot = slot_of(entry >> np.uint64(32), wider_capacity)
            while wider[slot] != np.uint64(0):
                slot += 1
                if slot == wider_capacity:
                    slot = 0
            wider[slot] = entry + np.uint64(add)
    return 0


@inline
def digit_of(character):
    """0..15 of a lower-case hex digit; 255 of anything else."""
    if 48 <= character <= 57:
        return character - 48
    if 97 <= character <= 102:
        return character - 87
    return 255


@kernel("i64(u8*, i64, u8*)")
def decode_hex(text, rows, out):
    """32 hex digits a row to 16 bytes; gives the first row with anything else, or `rows`."""
    for row in range(rows):
        broken = 0
        for i in range(16):
            high = digit_of(np.int64(text[(row << 5) + (i << 1)]))
            low = digit_of(np.int64(text[(row << 5) + (i << 1) + 1]))
            broken |= high | low
            out[(row << 4) + i] = np.uint8(((high << 4) | low) & 255)
        if broken > 15:
            return row
    return rows

"""The arrivals of the layer being made, found by account in a hash table."""

from numpy import int64

from cleanroom.lookout.kernels.source.declare import i64_at, inline, u32_at
from cleanroom.lookout.kernels.source.prefetching import prefetch
from cleanroom.lookout.kernels.source.walking_table import (
    ACCOUNT,
    COUNT,
    END,
    LAYER,
    MASK,
    PLAIN,
    POSITION,
    TABLE,
    TABLE_CAPACITY,
)

_SMALL = 256
_AHEAD = 12
_MOST_TIMES = 7  # an early estimate of the layer is not believed further than this
_SPREAD = 2654435769  # 2**32 over the golden ratio


@inline
def place_in_table(account, mask):
    return ((account * _SPREAD) >> 10) & mask


@inline
def entry_of(account, arrival):
    """What the table holds: never 0, which says empty."""
    return ((account + 1) << 32) | arrival


@inline
def fill(table, size, first, end):
    """Empty the first `size` places of the table and put the arrivals [first, end) there."""
    entries, accounts = i64_at(table[TABLE]), u32_at(table[ACCOUNT])
    mask = size - 1
    for i in range(size):
        entries[i] = 0
    for arrival in range(first, end):
        prefetch(entries, place_in_table(int64(accounts[min(arrival + _AHEAD, end - 1)]), mask))
        account = int64(accounts[arrival])
        place = place_in_table(account, mask)
        while entries[place] != 0:
            place = (place + 1) & mask
        entries[place] = entry_of(account, arrival)
    table[MASK] = mask
    return mask


@inline
def widen(table, count):
    """A table with room for more arrivals than `count`, as many as the rest of the layer may bring; the new mask."""
    first = 0 if table[PLAIN] != 0 else table[END]
    passed, rest = table[POSITION] - table[LAYER] + 1, table[END] - table[POSITION]
    wanted = 2 * (count + min((count - table[END]) // passed * rest, _MOST_TIMES * count))
    size = (table[MASK] + 1) * 2
    while size < wanted:
        size *= 2
    return fill(table, min(size, table[TABLE_CAPACITY]), first, count)


@inline
def open_layer(table):
    """What was made is passed next. A plain walk knows all that it reached, one in time only the layer it makes."""
    is_first = table[END] == 0
    table[LAYER] = table[POSITION] = table[END]
    table[END] = table[COUNT]
    if table[PLAIN] == 0:
        fill(table, min(_SMALL, table[TABLE_CAPACITY]), 0, 0)
    elif is_first:
        size = min(_SMALL, table[TABLE_CAPACITY])
        while size < 2 * table[COUNT]:
            size *= 2
        fill(table, size, 0, table[COUNT])

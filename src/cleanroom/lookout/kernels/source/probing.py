"""A kernel that proves that kernels work: used by health checks and tests."""

from cleanroom.lookout.kernels.source.declare import i64_at, kernel
from cleanroom.lookout.kernels.source.searching import first_at_least


@kernel("i64(i64*, i64, i64)")
def probe_search(values, length, bound):
    """Place of `bound` in ascending values."""
    return first_at_least(values, 0, length, bound)


@kernel("i64(i64*, i64)")
def probe_table(addresses, length):
    """Sum of the int64 array whose address is the table's first entry."""
    values = i64_at(addresses[0])
    total = 0
    for i in range(length):
        total += values[i]
    return total


@kernel("i64(i64*, i64)")
def probe_clear(values, length):
    """A loop that the compiler turns into a call of C's `memset`."""
    for i in range(length):
        values[i] = 0
    return length

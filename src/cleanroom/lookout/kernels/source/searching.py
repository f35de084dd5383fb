"""Binary searches over arrays by pointer; shared by the other kernels."""

from cleanroom.lookout.kernels.source.declare import inline


@inline
def first_greater(values, low, high, bound):
    """The first place in the ascending `values[low:high]` whose value is over `bound`; `high` where none is."""
    while low < high:
        middle = (low + high) >> 1
        if values[middle] > bound:
            high = middle
        else:
            low = middle + 1
    return low


@inline
def first_at_least(values, low, high, bound):
    """The first place in the ascending `values[low:high]` whose value is `bound` or more; `high` where none is."""
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < bound:
            low = middle + 1
        else:
            high = middle
    return low

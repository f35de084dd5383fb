"""The one order of transfers over two rows of them, and what every pass over tainted money shares."""

from cleanroom.lookout.kernels.source.declare import inline

NEVER = 0x7FFFFFFFFFFFFFFF


@inline
def comes_before(one, i, other, j):
    """Whether the 16 bytes at i come before the other's at j."""
    for k in range(16):
        if one[i * 16 + k] != other[j * 16 + k]:
            return one[i * 16 + k] < other[j * 16 + k]
    return False


@inline
def skipped(at, names, entry, entries, moment, ids, place):
    """The first entry, from `entry` on, that does not come before the transfer; both are in the one order."""
    while entry < entries and at[entry] < moment:
        entry += 1
    while entry < entries and at[entry] == moment and comes_before(names, entry, ids, place):
        entry += 1
    return entry


@inline
def is_for(at, names, entry, entries, moment, ids, place):
    """Whether the entry is of this transfer."""
    return entry < entries and at[entry] == moment and not comes_before(ids, place, names, entry)


@inline
def haircut(held, amount, before):
    """Tainted cents that leave with `amount` of a balance `before`, of which `held` are tainted."""
    moved = int(float(held) * (float(amount) / float(before)))
    return moved if moved < held else held

"""What the kept state holds per account, as the kernels see it; `cleanroom.lookout.verdicts.records` says the same.

Hot, four int64: balance, tainted held, tainted received (all cents), marks. Marks: bit 0 the account's own listing has
begun, bits 1 to 6 it was reached by that many transfers; bits 8 to 14 the same, reached in this very moment; bit 16
changed since the state was published; from bit 32 on the period in which it was last saved.
Cold, four int64: moment of arrival at the nearest layer, id of the transfer that brought it (two words), nearest start
(low half) and the start before it (high half).
"""

from cleanroom.lookout.kernels.source.declare import inline

LAYERS = 0x7F
REACHED = 0x7E
CHANGED = 1 << 16
LOW_HALF = 0xFFFFFFFF


@inline
def lowest(bits):
    """The lowest bit that is set, as a number with that bit alone; 0 where none is."""
    return bits & -bits


@inline
def digest(account, hot, cold):
    """64 bits over one account's record; 0 where nothing ever happened to it, so that growth costs nothing.

    Each word is multiplied by an odd number of its own, so a change of one word always changes the sum.
    """
    h, c = account * 4, account * 4
    reached = hot[h + 3] & LAYERS
    if (hot[h] | hot[h + 1] | hot[h + 2] | reached | cold[c] | cold[c + 1] | cold[c + 2] | cold[c + 3]) == 0:
        return 0
    mixed = hot[h] * -7046029254386353131 + hot[h + 1] * -4417276706812531889 + hot[h + 2] * 1609587929392839161
    mixed += reached * -8796714831421723037 + cold[c] * 2870177450012600261 + cold[c + 1] * -5435081209227447693
    mixed += cold[c + 2] * 6384245875588680899 + cold[c + 3] * 4768777513237032717 + account * 1181783497276652981
    mixed ^= (mixed >> 31) & 0x1FFFFFFFF
    mixed *= -4658895280553007687
    return mixed ^ ((mixed >> 29) & 0x7FFFFFFFF)

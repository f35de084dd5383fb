"""Reported money followed by a method that is chosen, for a question: haircut, poison, fifo."""

from cleanroom.lookout.kernels.source.declare import i64_at, inline, kernel, u8_at, u32_at
from cleanroom.lookout.kernels.source.tainting_order import NEVER, comes_before, haircut, is_for, skipped

POISON, FIFO = 1, 2  # haircut is 0
_NOTHING = 0xFFFFFFFF

# places in the table of addresses, after time, sender, receiver, amount, id of base and delta
_BALANCE, _HELD, _RECEIVED, _TAINT_AT, _TAINT_ID, _TAINT_CENTS, _CARRIED, _CARRIED_NEW = range(10, 18)
_OLDEST, _NEWEST, _LOT, _NEXT = range(18, 22)
# places in the table of numbers
_I, _I_END, _J, _J_END, _AT_TAINT, _TAINTS, _METHOD, _LOTS, _FREE = range(9)


@inline
def _lot(table, numbers, value):
    """A place for a lot: cents doubled, plus 1 where they are tainted."""
    lots, following = i64_at(table[_LOT]), u32_at(table[_NEXT])
    place = numbers[_FREE]
    if place == _NOTHING:
        place = numbers[_LOTS]
        numbers[_LOTS] += 1
    else:
        numbers[_FREE] = int(following[place])
    lots[place] = value
    following[place] = _NOTHING
    return place


@inline
def _put_newest(table, numbers, account, cents, tainted):
    """Neighbours of one kind are one lot."""
    if cents == 0:
        return
    oldest, newest, lots = u32_at(table[_OLDEST]), u32_at(table[_NEWEST]), i64_at(table[_LOT])
    last = int(newest[account])
    if last != _NOTHING and (lots[last] & 1) == tainted:
        lots[last] += cents * 2
        return
    place = _lot(table, numbers, cents * 2 + tainted)
    if last == _NOTHING:
        oldest[account] = place
    else:
        u32_at(table[_NEXT])[last] = place
    newest[account] = place


@inline
def _put_oldest(table, numbers, account, cents):
    """What was there before anything known: clean, and the first to leave."""
    oldest, newest = u32_at(table[_OLDEST]), u32_at(table[_NEWEST])
    place = _lot(table, numbers, cents * 2)
    u32_at(table[_NEXT])[place] = oldest[account]
    if int(oldest[account]) == _NOTHING:
        newest[account] = place
    oldest[account] = place


@inline
def _take_oldest(table, numbers, account, cents):
    """Take up to `cents` from the oldest lot: (taken, whether tainted)."""
    oldest, newest, lots, following = (
        u32_at(table[_OLDEST]), u32_at(table[_NEWEST]), i64_at(table[_LOT]), u32_at(table[_NEXT])
    )  # fmt: skip
    place = int(oldest[account])
    tainted, there = lots[place] & 1, lots[place] >> 1
    if there > cents:
        lots[place] -= cents * 2
        return cents, tainted
    oldest[account] = following[place]
    if int(oldest[account]) == _NOTHING:
        newest[account] = _NOTHING
    following[place] = numbers[_FREE]
    numbers[_FREE] = place
    return there, tainted


@inline
def _hand_over(table, numbers, sender, receiver, amount, reported):
    """Lot by lot; the first clean cents turn tainted, as many as are reported. Gives (tainted that left, turned)."""
    left, moved, turned = amount, 0, 0
    while left > 0:
        part, tainted = _take_oldest(table, numbers, sender, left)
        left -= part
        if tainted:
            moved += part
            _put_newest(table, numbers, receiver, part, 1)
        else:
            turn = reported - turned
            turn = part if part < turn else turn
            turned += turn
            _put_newest(table, numbers, receiver, turn, 1)
            _put_newest(table, numbers, receiver, part - turn, 0)
    return moved, turned


@inline
def _show(table, numbers, account, amount):
    """So much must be there."""
    balance = i64_at(table[_BALANCE])
    missing = amount - balance[account]
    if missing > 0:
        if numbers[_METHOD] == FIFO:
            _put_oldest(table, numbers, account, missing)
        balance[account] = amount


@inline
def _transfer(table, numbers, sender, receiver, amount, reported):
    """Gives the tainted cents that arrive."""
    balance, held, received = i64_at(table[_BALANCE]), i64_at(table[_HELD]), i64_at(table[_RECEIVED])
    _show(table, numbers, sender, amount)
    if sender == receiver:
        return 0
    method = numbers[_METHOD]
    moved, turned = 0, 0
    if method == FIFO:
        moved, turned = _hand_over(table, numbers, sender, receiver, amount, reported)
    else:
        if held[sender] and method == POISON:
            moved = held[sender] if held[sender] < amount else amount
        elif held[sender]:
            moved = haircut(held[sender], amount, balance[sender])
        turned = reported if reported < amount - moved else amount - moved
    balance[sender] -= amount
    balance[receiver] += amount
    held[sender] -= moved
    held[receiver] += moved + turned
    received[receiver] += moved + turned
    return moved + turned


@kernel("i64(i64*, i64*)")
def taint_follow(table, numbers):
    """Pass over base[i:i_end] and delta[j:j_end] in the order of (time, id). Gives the transfers passed over.

    Lots: room for one more than transfers and entries together. Carried: by place in the two stretches.
    """
    times, times_new, ids, ids_new = i64_at(table[0]), i64_at(table[5]), u8_at(table[4]), u8_at(table[9])
    senders, senders_new, receivers, receivers_new = (
        u32_at(table[1]), u32_at(table[6]), u32_at(table[2]), u32_at(table[7])
    )  # fmt: skip
    amounts, amounts_new = i64_at(table[3]), i64_at(table[8])
    carried, carried_new = i64_at(table[_CARRIED]), i64_at(table[_CARRIED_NEW])
    at, names, cents = i64_at(table[_TAINT_AT]), u8_at(table[_TAINT_ID]), i64_at(table[_TAINT_CENTS])
    i_first, i_end, j_first, j_end = numbers[_I], numbers[_I_END], numbers[_J], numbers[_J_END]
    i, j, entry, entries = i_first, j_first, numbers[_AT_TAINT], numbers[_TAINTS]
    while i < i_end or j < j_end:
        moment = times[i] if i < i_end else NEVER
        moment_new = times_new[j] if j < j_end else NEVER
        is_new = i == i_end or (
            j < j_end and (moment_new < moment or (moment_new == moment and comes_before(ids_new, j, ids, i)))
        )
        if is_new:
            sender, receiver, amount = int(senders_new[j]), int(receivers_new[j]), amounts_new[j]
            moment, known, place = moment_new, ids_new, j
        else:
            sender, receiver, amount, known, place = int(senders[i]), int(receivers[i]), amounts[i], ids, i
        reported = 0
        if entry < entries and at[entry] <= moment:
            entry = skipped(at, names, entry, entries, moment, known, place)
            while is_for(at, names, entry, entries, moment, known, place):
                reported += cents[entry]
                entry += 1
        arrived = _transfer(table, numbers, sender, receiver, amount, reported)
        if is_new:
            carried_new[j - j_first] = arrived
            j += 1
        else:
            carried[i - i_first] = arrived
            i += 1
    return i + j - i_first - j_first

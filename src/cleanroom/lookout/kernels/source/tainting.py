"""The kept state in one pass over time: layers away from watch-listed accounts, balances, tainted cents (haircut).

Two rows of transfers, base and delta, are read as one, in the order of (time, id). What a moment brings is passed on
only by later moments, so the layers that transfers of one moment bring wait (`pending`) until the moment is over.
"""

from cleanroom.lookout.kernels.source.declare import i64_at, inline, kernel, u8_at, u32_at
from cleanroom.lookout.kernels.source.prefetching import prefetch
from cleanroom.lookout.kernels.source.tainting_order import NEVER, comes_before, haircut, is_for, skipped
from cleanroom.lookout.kernels.source.tainting_records import (
    CHANGED,
    LAYERS,
    LOW_HALF,
    REACHED,
    digest,
    lowest,
)

_AHEAD = 24  # transfers between asking for an account's line and using it

# places in the table of addresses, after time, sender, receiver, amount, id of base and delta
_HOT, _COLD, _START_AT, _START, _TAINT_AT, _TAINT_ID, _TAINT_CENTS, _SAVED, _SAVED_COLD, _TOUCHED = range(10, 20)
# places in the table of numbers
_I, _I_END, _J, _J_END, _AT_START, _STARTS, _AT_TAINT, _TAINTS, _SAVES, _COLD_SAVES, _TOUCHES, _PERIOD = range(12)


@inline
def _word(ids, place):
    """Eight bytes as they lie in memory."""
    value = 0
    for k in range(8):
        value |= int(ids[place + k]) << (8 * k)
    return value


@inline
def _touch(hot, account, saved, touched, numbers):
    """Before an account changes: keep what it was at the period's beginning, and note it as changed."""
    place = account * 4
    marks = hot[place + 3]
    period = numbers[_PERIOD]
    if (marks >> 32) == period:
        return
    to = numbers[_SAVES] * 4
    saved[to] = hot[place]
    saved[to + 1] = hot[place + 1]
    saved[to + 2] = hot[place + 2]
    saved[to + 3] = (marks & LAYERS) | (account << 32)
    numbers[_SAVES] += 1
    if marks & CHANGED == 0:
        touched[numbers[_TOUCHES]] = account
        numbers[_TOUCHES] += 1
    hot[place + 3] = (marks & LOW_HALF) | CHANGED | (period << 32)


@inline
def _keep_arrival(cold, account, saved, numbers):
    to = numbers[_COLD_SAVES] * 5
    saved[to] = account
    for k in range(4):
        saved[to + 1 + k] = cold[account * 4 + k]
    numbers[_COLD_SAVES] += 1


@inline
def _start_of(cold, account, reached, moment):
    """Where the walk to the account's nearest layer began, as it stood before this moment."""
    if reached & 1:
        return account
    place = account * 4
    starts = cold[place + 3]
    return (starts >> 32) & LOW_HALF if cold[place] == moment else starts & LOW_HALF


@inline
def _arrive(hot, cold, sender, receiver, brought, moment, ids, place, saved_cold, numbers):
    """The receiver stands nearer than before: note when, by which transfer and from which start."""
    start = _start_of(cold, sender, hot[sender * 4 + 3] & LAYERS, moment)
    to = receiver * 4
    known = hot[to + 3]
    earlier = 0
    if (known | (known >> 8)) & REACHED:
        if numbers[_PERIOD]:
            _keep_arrival(cold, receiver, saved_cold, numbers)
        old = cold[to + 3]
        earlier = (old >> 32) & LOW_HALF if cold[to] == moment else old & LOW_HALF
    cold[to] = moment
    cold[to + 1] = _word(ids, place * 16)
    cold[to + 2] = _word(ids, place * 16 + 8)
    cold[to + 3] = start | (earlier << 32)


@inline
def _pay(hot, sender, receiver, amount, reported):
    """Balances and tainted cents of one transfer. A self-transfer moves nothing."""
    out, to = sender * 4, receiver * 4
    balance = hot[out]
    before = balance if balance > amount else amount
    hot[out] = before - amount
    hot[to] += amount
    moved = 0
    held = hot[out + 1]
    if held and sender != receiver:
        moved = haircut(held, amount, before)
        hot[out + 1] = held - moved
    if reported:
        room = amount - moved
        moved += reported if reported < room else room
    hot[to + 1] += moved
    hot[to + 2] += moved


@inline
def _taint_of(table, numbers, moment, ids, place):
    """Reported cents that entered with this transfer; entries are in the order of transfers."""
    at, names, cents = i64_at(table[_TAINT_AT]), u8_at(table[_TAINT_ID]), i64_at(table[_TAINT_CENTS])
    entries = numbers[_TAINTS]
    entry = skipped(at, names, numbers[_AT_TAINT], entries, moment, ids, place)
    found = 0
    while is_for(at, names, entry, entries, moment, ids, place):
        found += cents[entry]
        entry += 1
    numbers[_AT_TAINT] = entry
    return found


@inline
def _begin_starts(table, numbers, moment, hot, saved, touched):
    """Listings whose walks begin before this moment."""
    at, accounts = i64_at(table[_START_AT]), u32_at(table[_START])
    entry = numbers[_AT_START]
    while entry < numbers[_STARTS] and at[entry] < moment:
        account = int(accounts[entry])
        _touch(hot, account, saved, touched, numbers)
        hot[account * 4 + 3] |= 1
        entry += 1
    numbers[_AT_START] = entry


@kernel("i64(i64*, i64*)")
def taint_pass(table, numbers):
    """Pass over base[i:i_end] and delta[j:j_end], which are cut where no moment is. Gives the transfers passed over.

    With `period` 0 nothing is saved. Counters and places in `numbers` are moved on.
    """
    times, times_new = i64_at(table[0]), i64_at(table[5])
    senders, senders_new = u32_at(table[1]), u32_at(table[6])
    receivers, receivers_new = u32_at(table[2]), u32_at(table[7])
    amounts, amounts_new = i64_at(table[3]), i64_at(table[8])
    ids, ids_new = u8_at(table[4]), u8_at(table[9])
    hot, cold = i64_at(table[_HOT]), i64_at(table[_COLD])
    saved, saved_cold, touched = i64_at(table[_SAVED]), i64_at(table[_SAVED_COLD]), u32_at(table[_TOUCHED])
    starts_at, taints_at = i64_at(table[_START_AT]), i64_at(table[_TAINT_AT])
    i, i_end, j, j_end = numbers[_I], numbers[_I_END], numbers[_J], numbers[_J_END]
    total = (i_end - i) + (j_end - j)
    next_start = starts_at[numbers[_AT_START]] if numbers[_AT_START] < numbers[_STARTS] else NEVER
    next_taint = taints_at[numbers[_AT_TAINT]] if numbers[_AT_TAINT] < numbers[_TAINTS] else NEVER
    while i < i_end or j < j_end:
        moment = times[i] if i < i_end else NEVER
        if j < j_end and times_new[j] < moment:
            moment = times_new[j]
        if next_start < moment:
            _begin_starts(table, numbers, moment, hot, saved, touched)
            next_start = starts_at[numbers[_AT_START]] if numbers[_AT_START] < numbers[_STARTS] else NEVER
        first_i, first_j = i, j
        passed = 0
        while True:
            here = i < i_end and times[i] == moment
            there = j < j_end and times_new[j] == moment
            if not here and not there:
                break
            new = there and (not here or comes_before(ids_new, j, ids, i))
            if new:
                place, sender, receiver, amount, names = (
                    j,
                    int(senders_new[j]),
                    int(receivers_new[j]),
                    amounts_new[j],
                    ids_new,
                )
                j += 1
                if j + _AHEAD < j_end:
                    prefetch(hot, int(senders_new[j + _AHEAD]) * 4)
                    prefetch(hot, int(receivers_new[j + _AHEAD]) * 4)
            else:
                place, sender, receiver, amount, names = i, int(senders[i]), int(receivers[i]), amounts[i], ids
                i += 1
                if i + _AHEAD < i_end:
                    prefetch(hot, int(senders[i + _AHEAD]) * 4)
                    prefetch(hot, int(receivers[i + _AHEAD]) * 4)
            passed += 1
            _touch(hot, sender, saved, touched, numbers)
            _touch(hot, receiver, saved, touched, numbers)
            brought = ((hot[sender * 4 + 3] & LAYERS) << 1) & REACHED
            if brought:
                known = hot[receiver * 4 + 3]
                known = (known | (known >> 8)) & REACHED
                if brought & ~known:
                    if known == 0 or lowest(brought) < lowest(known):
                        _arrive(hot, cold, sender, receiver, brought, moment, names, place, saved_cold, numbers)
                    hot[receiver * 4 + 3] |= brought << 8
            reported = 0
            if next_taint <= moment:
                reported = _taint_of(table, numbers, moment, names, place)
                if sender == receiver:
                    reported = 0
                next_taint = taints_at[numbers[_AT_TAINT]] if numbers[_AT_TAINT] < numbers[_TAINTS] else NEVER
            _pay(hot, sender, receiver, amount, reported)
        for k in range(first_i, i):
            _settle(hot, int(receivers[k]))
        for k in range(first_j, j):
            _settle(hot, int(receivers_new[k]))
    numbers[_I], numbers[_J] = i, j
    return total


@inline
def _settle(hot, account):
    """The moment is over: what it brought counts from now on."""
    place = account * 4 + 3
    marks = hot[place]
    waiting = (marks >> 8) & REACHED
    if waiting:
        hot[place] = (marks & ~(LAYERS << 8)) | waiting


@kernel("i64(i64*, i64, i64*, i64, i64*, i64*, u32*, i64)")
def taint_undo(saved, saves, saved_cold, cold_saves, hot, cold, touched, touches):
    """Put back what one period saved. Gives how many accounts are noted as changed since the last publication."""
    for entry in range(saves):
        if entry + _AHEAD < saves:
            later = ((saved[(entry + _AHEAD) * 4 + 3] >> 32) & LOW_HALF) * 4
            prefetch(hot, later)
            prefetch(cold, later)
        account = (saved[entry * 4 + 3] >> 32) & LOW_HALF
        place = account * 4
        changed = hot[place + 3] & CHANGED
        if changed == 0:
            touched[touches] = account
            touches += 1
        for k in range(3):
            hot[place + k] = saved[entry * 4 + k]
        hot[place + 3] = (saved[entry * 4 + 3] & LAYERS) | CHANGED
    for back in range(cold_saves):
        entry = (cold_saves - 1 - back) * 5
        for k in range(4):
            cold[saved_cold[entry] * 4 + k] = saved_cold[entry + 1 + k]
    for entry in range(saves):  # last, since arrivals that came and went within the period were kept as well
        place = ((saved[entry * 4 + 3] >> 32) & LOW_HALF) * 4
        if hot[place + 3] & REACHED == 0:
            for k in range(4):
                cold[place + k] = 0
    return touches


@kernel("i64(u32*, i64, i64*, i64*, i64*, i64*)")
def taint_sum_changed(touched, touches, hot, cold, published_hot, published_cold):
    """By how much the sum of digests changes; takes the marks of change away."""
    total = 0
    for entry in range(touches):
        if entry + _AHEAD < touches:
            later = int(touched[entry + _AHEAD]) * 4
            prefetch(hot, later)
            prefetch(cold, later)
            prefetch(published_hot, later)
            prefetch(published_cold, later)
        account = int(touched[entry])
        hot[account * 4 + 3] &= ~CHANGED
        total += digest(account, hot, cold) - digest(account, published_hot, published_cold)
    return total


@kernel("i64(u32*, i64, i64*, i64*, i64*, i64*)")
def taint_copy(touched, touches, from_hot, from_cold, hot, cold):
    """Bring the other buffer up to what was published."""
    for entry in range(touches):
        if entry + _AHEAD < touches:
            later = int(touched[entry + _AHEAD]) * 4
            prefetch(from_hot, later)
            prefetch(from_cold, later)
            prefetch(hot, later)
            prefetch(cold, later)
        place = int(touched[entry]) * 4
        for k in range(4):
            hot[place + k] = from_hot[place + k]
            cold[place + k] = from_cold[place + k]
    return touches


@kernel("i64(i64*, i64*, i64, i64)")
def taint_sum(hot, cold, first, last):
    """Sum of digests of accounts first to last - 1."""
    total = 0
    for account in range(first, last):
        total += digest(account, hot, cold)
    return total

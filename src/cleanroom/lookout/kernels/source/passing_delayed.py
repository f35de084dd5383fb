"""All transfers once, in order of time, with a delay: the latest arrival per account and layer says what may go on.

LIVE keeps for each transfer the layers at which it is on some walk: what explains an arrival is looked up there.
"""

from numpy import int64

from cleanroom.lookout.kernels.source.declare import i64_at, inline, kernel, u8_at, u32_at
from cleanroom.lookout.kernels.source.passing_latest import ROW, not_before, put_down
from cleanroom.lookout.kernels.source.passing_moments import (
    clock_at,
    in_order,
    is_kept,
    join,
    note_found,
    number_at,
)
from cleanroom.lookout.kernels.source.prefetching import prefetch
from cleanroom.lookout.kernels.source.walking_rows import is_greater_id
from cleanroom.lookout.kernels.source.walking_table import (
    BACKWARD,
    BITS,
    CLOCK_BEGIN,
    COUNT,
    DELAY,
    DELTA_LIVE,
    FROM,
    HUB_BIT,
    LATEST,
    LAYER_MASK,
    LENGTH,
    LIVE,
    SEGMENT,
    SEGMENT_SIZE,
    TIME,
    TO,
)

_FAR, _NEAR = 96, 40  # transfers ahead: whether walks stand at their ends; when these were there


@inline
def pass_run(table, place, end):
    """Transfers of the base alone: most have their moment to themselves."""
    origins, ends, time = (
        u32_at(table[SEGMENT + FROM]),
        u32_at(table[SEGMENT + TO]),
        i64_at(table[SEGMENT + TIME]),
    )
    bits, latest = u8_at(table[BITS]), i64_at(table[LATEST])
    step = -1 if table[BACKWARD] != 0 else 1
    first = number_at(table, 0, place)
    number, last = first, number_at(table, 0, end - 1)
    stop = last + step
    while number != stop:
        ahead = number + _FAR * step
        if (last - ahead) * step >= 0:
            prefetch(bits, int64(origins[ahead]))
            prefetch(bits, int64(ends[ahead]))
        ahead = number + _NEAR * step
        if (last - ahead) * step >= 0 and bits[origins[ahead]] & ~HUB_BIT:
            prefetch(latest, int64(origins[ahead]) * ROW)
            prefetch(latest, int64(ends[ahead]) * ROW)
        after = number + step
        if number != last and time[after] == time[number]:
            while after != stop and time[after] == time[number]:
                after += step
            here = place + (number - first) * step
            pass_moment(table, here, here + (after - number) * step, 0, 0)
        elif bits[origins[number]] & ~HUB_BIT:
            clock = step * time[number]
            if go_on(table, 0, number, clock):
                arrive(table, 0, number, clock)
        number = after


@inline
def pass_moment(table, place, end, delta_place, delta_end):
    """Transfers of one moment: first what each continues, then, by id, what they bring."""
    clock = min(clock_at(table, 0, place, end), clock_at(table, 1, delta_place, delta_end))
    backward = table[BACKWARD] != 0
    here, there = end - place, delta_end - delta_place
    # Within a moment ids ascend with numbers, whatever the walk's direction.
    own = number_at(table, 0, end - 1 if backward else place)
    delta_own = number_at(table, 1, delta_end - 1 if backward else delta_place)
    live = 0
    for i in range(here):
        live |= go_on(table, 0, own + i, clock)
    for j in range(there):
        live |= go_on(table, 1, delta_own + j, clock)
    if live == 0:
        return
    i, j = 0, 0
    while i < here or j < there:
        if j == there or (i < here and not is_greater_id(table, own + i, table[SEGMENT + LENGTH] + delta_own + j)):
            arrive(table, 0, own + i, clock)
            i += 1
        else:
            arrive(table, 1, delta_own + j, clock)
            j += 1


@inline
def go_on(table, s, number, clock):
    """The layers at which the transfer is on a walk, kept in LIVE."""
    origin = u32_at(table[SEGMENT + s * SEGMENT_SIZE + FROM])[number]
    here = int64(u8_at(table[BITS])[origin])
    if here & HUB_BIT:
        here &= 1
    if here == 0 or not is_kept(table, s, origin, number):
        return 0
    live = (here & 1) << 1
    latest, since = i64_at(table[LATEST]), clock - table[CLOCK_BEGIN] - table[DELAY]
    live |= (here & ~1 & not_before(latest, int64(origin) * ROW, since)) << 1
    live &= table[LAYER_MASK]
    u8_at(table[DELTA_LIVE if s else LIVE])[number] = live
    return live


@inline
def arrive(table, s, number, clock):
    live = int64(u8_at(table[DELTA_LIVE if s else LIVE])[number])
    if live == 0:
        return
    bits, end = u8_at(table[BITS]), int64(u32_at(table[SEGMENT + s * SEGMENT_SIZE + TO])[number])
    put_down(i64_at(table[LATEST]), end * ROW, live, clock - table[CLOCK_BEGIN])
    known = int64(bits[end])
    new = live & ~known
    if new != 0:
        bits[end] = known | new
        note_found(table, s, number, new)


_pass_all = in_order(join, pass_run, pass_moment)


@kernel("i64(i64*)")
def pass_delayed(table):
    """Fills BITS, LIVE and what is found, in the order of the walk; the number of records."""
    _pass_all(table)
    return table[COUNT]

"""All transfers once, in order of time, with a delay: the latest arrival per account and layer says what may go on.

LIVE keeps for each transfer the layers at which it is on some walk: what explains an arrival is looked up there.
"""

from numpy import int64

from cleanroom.lookout.kernels.source.declare import i64_at, inline, kernel, u8_at, u32_at
from cleanroom.lookout.kernels.source.passing_moments import (
    NEVER,
    clock_at,
    end_before,
    first_place,
    is_kept,
    join,
    last_place,
    number_at,
)
from cleanroom.lookout.kernels.source.walking_rows import is_greater_id
from cleanroom.lookout.kernels.source.walking_table import (
    BACKWARD,
    BITS,
    CLOCK_BEGIN,
    COUNT,
    DELAY,
    DELTA_LIVE,
    FOUND_LAYERS,
    FOUND_VIA,
    FROM,
    HUB_BIT,
    LATEST,
    LAYER_MASK,
    LENGTH,
    LIVE,
    SEGMENT,
    SEGMENT_SIZE,
    TO,
)


@kernel("i64(i64*)")
def pass_delayed(table):
    """Fills BITS, LIVE and what is found, in the order of the walk; the number of records."""
    place, delta_place = first_place(table, 0), first_place(table, 1)
    end, delta_end = last_place(table, 0), last_place(table, 1)
    joined = 0
    while place < end or delta_place < delta_end:
        clock = min(clock_at(table, 0, place, end), clock_at(table, 1, delta_place, delta_end))
        joined = join(table, joined, clock)
        until = end_before(table, 0, place, end, clock + 1)
        delta_until = end_before(table, 1, delta_place, delta_end, clock + 1)
        if joined > 0:
            pass_moment(table, clock, place, until, delta_place, delta_until)
        place, delta_place = until, delta_until
    join(table, joined, NEVER)
    return table[COUNT]


@inline
def pass_moment(table, clock, place, end, delta_place, delta_end):
    """Transfers of one moment: first what each continues, then, by id, what they bring."""
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
    for layer in range(1, 7):
        if (here >> layer) & 1 and latest[int64(origin) * 8 + layer] >= since:
            live |= 2 << layer
    live &= table[LAYER_MASK]
    u8_at(table[DELTA_LIVE if s else LIVE])[number] = live
    return live


@inline
def arrive(table, s, number, clock):
    live = int64(u8_at(table[DELTA_LIVE if s else LIVE])[number])
    if live == 0:
        return
    bits, end = u8_at(table[BITS]), int64(u32_at(table[SEGMENT + s * SEGMENT_SIZE + TO])[number])
    latest = i64_at(table[LATEST])
    for layer in range(1, 7):
        if (live >> layer) & 1:
            latest[end * 8 + layer] = clock - table[CLOCK_BEGIN]
    known = int64(bits[end])
    new = live & ~known
    if new != 0:
        bits[end] = known | new
        count = table[COUNT]
        u32_at(table[FOUND_VIA])[count] = number + s * table[SEGMENT + LENGTH]
        u8_at(table[FOUND_LAYERS])[count] = new
        table[COUNT] = count + 1

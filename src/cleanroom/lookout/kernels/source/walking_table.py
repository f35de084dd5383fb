"""Places in the table that a walk's kernels work on: one int64 array of parameters, state and addresses of arrays.

`cleanroom.lookout.walks` fills it by the same names.
"""

# What is asked.
BACKWARD, PLAIN, HUB_LIMIT, KEEP, DELAY, WINDOWED, SEGMENTS, LAST = range(8)
# How far a call may go.
CAPACITY, EVENT_CAPACITY, TABLE_CAPACITY, MOST_ACCOUNTS, MOST_LOOKED_AT, SLICE = range(8, 14)
# Where it stands: of the arrivals [LAYER, END), those from POSITION on are still to be passed; [END, COUNT) are the
# layer being made.
# Live events [LAYER_EVENTS, EVENTS) are those of the layer being made. MASK: places of the hash table, less one.
POSITION, END, COUNT, LOOKED_AT, MASK, LAYER_EVENTS, EVENTS, LAYER = range(14, 22)
# Addresses of arrays over arrivals; with delay, FIRST and the others tell each one's live events.
ACCOUNT, VIA, BEFORE, LOW, FLAGS, BEGINS_US, TABLE, FIRST, EVENTS_OF, EVENTS_AT = range(22, 32)
# Addresses of arrays over live events; EVENT_CLOCK is the time, negated where the walk goes back.
EVENT_CLOCK, EVENT_VIA, EVENT_BEFORE, EVENT_ARRIVAL, ORDER = range(32, 37)
# A pass over all transfers. Addresses of arrays over accounts: BITS and FRESH (bit k: at layer k; HUB_BIT), KEPT_FROM
# and DELTA_KEPT_FROM (numbers), LATEST (per layer, up to 8); over transfers: LIVE and DELTA_LIVE (bit k); over starts,
# in the order in which they join: START and START_CLOCK; over what is found: FOUND_VIA and FOUND_LAYERS.
LAYER_MASK, STARTS, START, START_CLOCK, BITS, FRESH, KEPT_FROM, DELTA_KEPT_FROM = range(40, 48)
FOUND_VIA, FOUND_LAYERS, LATEST, LIVE, DELTA_LIVE, CLOCK_BEGIN = range(48, 54)
# For starts that keep apart: PLANES and SHADOWS over accounts, START_PLACE over starts.
PLANES, SHADOWS, START_PLACE, LAYERS_ASKED = range(54, 58)
HUB_BIT = 0x80
# A block per segment; in it a block per side, the one along the walk first.
SEGMENT, SEGMENT_SIZE = 60, 20
LENGTH, TIME, IDS, WINDOW_LOW, WINDOW_HIGH = range(5)
ALONG, AGAINST = 5, 11
FROM, TO = 17, 18  # accounts over transfers, as a step along them begins and ends
SIDE_ACCOUNTS, SIDE_ROWS, SIDE_OFFSETS, SIDE_NUMBER, SIDE_OTHER, SIDE_JUMP = range(6)
TABLE_SIZE = SEGMENT + 2 * SEGMENT_SIZE
# The accounts of a compact side are found by the first row of each block of 2**JUMP_BITS accounts.
JUMP_BITS = 7

NONE = 0xFFFFFFFF  # no transfer, nobody before
IS_HUB, IS_TRUNCATED, IS_SKIPPED = 1, 2, 4  # flags of an arrival
DONE, NEEDS_SPACE, PAUSED, CUT_ACCOUNTS, CUT_TRANSFERS = range(5)  # what a call returns

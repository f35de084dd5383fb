"""Random flows and questions about them: few accounts and few moments, so that ties, cycles, self-transfers and equal
times are common."""

from datetime import timedelta

from hypothesis import strategies as st

from cleanroom.moneyflow.reference import Direction, Links, Listing, Tie, Transfer, WalkRule
from tests.factories.drawing import DAY_1, Flow

ACCOUNTS = "ABCDEFG"
MOST_MINUTES = 9

accounts = st.sampled_from(ACCOUNTS)
all_layers, always = st.integers(1, 6), st.just(True)
ways = st.sampled_from([Direction.FORWARD, Direction.BACKWARD])


def minute(low: int = 0, high: int = MOST_MINUTES) -> st.SearchStrategy:
    return st.integers(low, high).map(lambda m: DAY_1 + timedelta(minutes=m))


@st.composite
def flows(draw, most: int = 18):
    """Of 1 to `most` transfers, about a tenth of them reversed; ids in an order that is not that of time."""
    rows = draw(st.lists(st.tuples(minute(), accounts, accounts, st.integers(1, 500)), min_size=1, max_size=most))
    transfers = tuple(Transfer(f"t{place:02}", *row) for place, row in enumerate(rows))
    return Flow(transfers, frozenset(t.transfer_id for t in transfers if draw(st.integers(0, 9)) == 0))


starts = st.dictionaries(accounts, minute(-1, 11), max_size=3)


@st.composite
def rules(draw, *, layers=all_layers, direction=ways, in_time=always, windows: bool = True):
    """Any rule; `windows`: with both ends of a window, else with its end only."""
    respects_time = draw(in_time)
    before = draw(st.none() | minute(4, 10))
    after = draw(st.none() | minute(-1, 3)) if windows else None
    return WalkRule(
        layers=draw(layers),
        direction=draw(direction),
        in_time=respects_time,
        max_delay=draw(st.none() | delays) if respects_time else None,
        hub_limit=draw(st.none() | st.integers(1, 7)),
        keep_latest=draw(st.none() | st.integers(1, 3)),
        after=after,
        before=before,
    )


delays = st.integers(1, 6).map(lambda m: timedelta(minutes=m))
ties = st.builds(Tie, accounts, st.sampled_from(["p1", "p2", "d1"]), st.just("phone"), st.none() | minute())
links = st.builds(Links, st.lists(ties, max_size=8).map(tuple), st.integers(2, 4))


@st.composite
def listings(draw, most: int = 3):
    """Each a case of its own; sums that transfers may or may not have."""
    rows = draw(st.lists(st.tuples(accounts, minute(1, 12), st.integers(0, 900)), min_size=1, max_size=most))
    return [Listing(f"case {place}", *row) for place, row in enumerate(rows)]

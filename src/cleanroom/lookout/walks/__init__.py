"""Questions to the graph: where money went and came from, one account or many, and how it got from one to another.

What a walk may do is its `WalkRule`; an answer carries it, with the bounds that it was found under.
"""

from cleanroom.lookout.bounds import UNBOUNDED, Bound, Bounds, Cut
from cleanroom.lookout.walks.arrivals import Arrivals
from cleanroom.lookout.walks.expanding import expand, expand_all
from cleanroom.lookout.walks.expansion import Arrival, Expansion, Reach
from cleanroom.lookout.walks.ground import ground_of
from cleanroom.lookout.walks.linked import LinkedArrival, LinkedExpansion, LinkedReach
from cleanroom.lookout.walks.linking import expand_linked
from cleanroom.lookout.walks.separately import Separately, separately
from cleanroom.lookout.walks.together import together
from cleanroom.lookout.walks.tracing import Trace, trace
from cleanroom.lookout.walks.transfers import Transfers

__all__ = [
    "UNBOUNDED",
    "Arrival",
    "Arrivals",
    "Bound",
    "Bounds",
    "Cut",
    "Expansion",
    "LinkedArrival",
    "LinkedExpansion",
    "LinkedReach",
    "Reach",
    "Separately",
    "Trace",
    "Transfers",
    "expand",
    "expand_all",
    "expand_linked",
    "ground_of",
    "separately",
    "together",
    "trace",
]

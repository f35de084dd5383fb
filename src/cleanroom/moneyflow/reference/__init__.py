"""The meaning of money flow in plain Python: slow, obvious, pure. Every engine must give these answers; none of them
runs this in production.

A walk is a sequence of steps in which each one begins at the account where the one before ended. Forward it goes from
sender to receiver and on in time; backward from receiver to sender and back in time. What it may do is its WalkRule.
"""

from cleanroom.moneyflow.reference.answer import Arrival, Arrivals, Expansion, nearest_layers
from cleanroom.moneyflow.reference.expanding import expand
from cleanroom.moneyflow.reference.links import Links, Tie
from cleanroom.moneyflow.reference.release import proposed_for_release
from cleanroom.moneyflow.reference.reported import Injection, Listing, reported_money
from cleanroom.moneyflow.reference.taint import Taint, follow
from cleanroom.moneyflow.reference.transfers import Transfer
from cleanroom.moneyflow.rules import Direction, TaintMethod, WalkRule, begins_at

__all__ = [
    "Arrival",
    "Arrivals",
    "Direction",
    "Expansion",
    "Injection",
    "Links",
    "Listing",
    "Taint",
    "TaintMethod",
    "Tie",
    "Transfer",
    "WalkRule",
    "begins_at",
    "expand",
    "follow",
    "nearest_layers",
    "proposed_for_release",
    "reported_money",
]

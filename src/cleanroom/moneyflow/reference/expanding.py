"""The one question: which accounts do walks get to, and by which transfers?"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from cleanroom.moneyflow.reference.answer import Expansion
from cleanroom.moneyflow.reference.layers import layers_in_time
from cleanroom.moneyflow.reference.links import Links
from cleanroom.moneyflow.reference.plain import plain_layers
from cleanroom.moneyflow.reference.transfers import Transfer, view
from cleanroom.moneyflow.rules import Direction, WalkRule


def expand(
    transfers: Iterable[Transfer], starts: Mapping[str, datetime], rule: WalkRule, *, links: Links | None = None
) -> dict[Direction, Expansion]:
    """An answer for each way that the rule asks for; both are side by side, each as if asked alone.

    `starts`: account -> moment at which its walks begin. Raises ValueError for link steps without order of time: a
    tie begins at some moment, and a plain walk has none.
    """
    if links is not None and not rule.in_time:
        raise ValueError("link steps need the order of time")
    known, ties = list(transfers), links.known(rule.before) if links else None
    found = {}
    for way in rule.direction.ways:
        seen = view(known, rule, way)
        found[way] = layers_in_time(seen, starts, rule, ties) if rule.in_time else plain_layers(seen, starts, rule)
    return found

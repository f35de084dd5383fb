"""The engines that questions of walks are asked of, in one form: many questions at once, an answer for each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cleanroom.moneyflow.reference import Direction, Expansion, Links, WalkRule, expand
from tests.factories.drawing import Flow
from tests.factories.lookout_engine import ask_lookout, ask_lookout_linked

WAYS = (Direction.FORWARD, Direction.BACKWARD)
Answer = Mapping[Direction, Expansion]


@dataclass(frozen=True)
class Asked:
    """`starts`: account -> moment at which its walks begin."""

    flow: Flow
    starts: Mapping[str, datetime]
    rule: WalkRule
    links: Links | None = None


Ask = Callable[[Sequence[Asked]], list[Answer]]


def ask_reference(asked: Sequence[Asked]) -> list[Answer]:
    return [expand(one.flow.carried(), one.starts, one.rule, links=one.links) for one in asked]


def ask_online(asked: Sequence[Asked]) -> list[Answer]:
    """Part of the transfers are in the delta, as they come: which ones is drawn anew for each question."""
    return [_ask_online(one, seed=place) for place, one in enumerate(asked)]


def _ask_online(one: Asked, *, seed: int) -> Answer:
    if one.links is None:
        return ask_lookout(one.flow, one.starts, one.rule, seed=seed)
    return ask_lookout_linked(one.flow, one.starts, one.rule, one.links, seed=seed)

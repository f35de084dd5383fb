"""The definition itself: every walk that a rule allows, one by one. It shares no code with the layers, which are held
against it. For small graphs only: the number of walks grows with the power of their length."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from cleanroom.moneyflow.reference.links import Tie
from cleanroom.moneyflow.reference.transfers import Transfer
from cleanroom.moneyflow.rules import Direction, WalkRule


class Step(NamedTuple):
    """From `origin` to `end` by a transfer, or by an identifier that both have (`at` is then None)."""

    via: str
    origin: str
    end: str
    at: datetime | None


class Ground(NamedTuple):
    """All that walks of one direction can be made of. `ties`: (tie, tie) of two accounts with one identifier."""

    transfers: Sequence[Transfer]
    rule: WalkRule
    direction: Direction
    ties: Sequence[tuple[Tie, Tie]] = ()


def walks(ground: Ground, start: str, begins: datetime) -> Iterator[tuple[Step, ...]]:
    """Every allowed walk of 1 to `rule.layers` steps from one account."""
    longest: list[tuple[Step, ...]] = [()]
    for _ in range(ground.rule.layers):
        longest = [
            (*walk, step)
            for walk in longest
            for step in _all_steps(ground)
            if _may_go_on(ground, start, begins, walk, step)
        ]
        yield from longest


def _all_steps(ground: Ground) -> Iterator[Step]:
    for t in ground.transfers:
        both = (t.sender, t.receiver) if ground.direction is Direction.FORWARD else (t.receiver, t.sender)
        yield Step(t.transfer_id, *both, t.executed_at)
    for own, other in ground.ties:
        yield Step(own.identifier, own.account, other.account, None)


def _may_go_on(ground: Ground, start: str, begins: datetime, walk: tuple[Step, ...], step: Step) -> bool:
    here = walk[-1].end if walk else start
    if step.origin != here or (walk and _degree(ground, here) > (ground.rule.hub_limit or 10**9)):
        return False
    arrived = next((s.at for s in reversed(walk) if s.at is not None), None)
    if step.at is None:
        return not (walk and walk[-1].at is None) and _tied(ground, step, arrived or begins)
    return _is_seen(ground, step) and _is_in_time(ground, step.at, begins, arrived)


def _is_in_time(ground: Ground, at: datetime, begins: datetime, arrived: datetime | None) -> bool:
    if not ground.rule.in_time:
        return True
    waited = at - (arrived or begins)
    if ground.direction is Direction.BACKWARD:
        waited = -waited
    most = ground.rule.max_delay if arrived and ground.rule.max_delay else timedelta.max
    return timedelta(0) < waited <= most


def _tied(ground: Ground, step: Step, moment: datetime) -> bool:
    return any(
        (own.identifier, own.account, other.account) == step[:3] and own.has_begun(moment) and other.has_begun(moment)
        for own, other in ground.ties
    )


def _inside(ground: Ground) -> list[Transfer]:
    after, before = ground.rule.after, ground.rule.before
    return [
        t
        for t in ground.transfers
        if not (after and t.executed_at <= after) and not (before and t.executed_at >= before)
    ]


def _degree(ground: Ground, account: str) -> int:
    return sum((t.sender == account) + (t.receiver == account) for t in _inside(ground))


def _is_seen(ground: Ground, step: Step) -> bool:
    """Inside the window, and not older than the ones that the rule keeps of its account."""
    forward = ground.direction is Direction.FORWARD
    own = [t for t in _inside(ground) if (t.sender if forward else t.receiver) == step.origin]
    newer = [t for t in own if (t.executed_at, t.transfer_id) > (step.at, step.via)]
    return step.via in {t.transfer_id for t in own} and len(newer) < (ground.rule.keep_latest or 10**9)

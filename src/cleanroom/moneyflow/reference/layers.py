"""Layers in order of time."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from cleanroom.moneyflow.reference.answer import Arrivals, Expansion
from cleanroom.moneyflow.reference.events import Event
from cleanroom.moneyflow.reference.links import Links
from cleanroom.moneyflow.reference.transfers import Transfer, View, along, ends
from cleanroom.moneyflow.rules import Direction, WalkRule


def layers_in_time(seen: View, starts: Mapping[str, datetime], rule: WalkRule, links: Links | None) -> Expansion:
    """Every transfer happens strictly after (backward: before) the arrival that it continues, and within the delay.

    `starts`: account -> moment at which its walks begin. Of all walks of exactly k steps to an account the first
    arrival counts. All of them are continued, not only the first: a later one may be the only one within the delay of
    a transfer, or after the beginning of a tie.
    """
    found: Arrivals = {}
    hubs, truncated = set(), set()
    live = [Event(account, at) for account, at in starts.items()]
    for layer in range(rule.layers + 1):
        for event in sorted(live, key=lambda e: e.order(seen.direction)):
            found.setdefault((event.account, layer), event.arrival(layer))
        if layer == rule.layers:
            break
        reached = {event.account for event in live}
        stopped = reached & seen.hubs if layer else set()
        hubs |= stopped
        truncated |= (reached - stopped) & seen.shortened
        passing = [event for event in live if event.account not in stopped]
        live = _with_first_predecessor(_steps(passing, seen, rule, links), seen.direction)
    return Expansion(found, frozenset(hubs), frozenset(truncated))


def _steps(passing: Iterable[Event], seen: View, rule: WalkRule, links: Links | None) -> Iterator[Event]:
    for event in passing:
        for transfer in seen.leading.get(event.account, ()):
            if may_follow(transfer, event, rule, seen.direction):
                end = ends(transfer, seen.direction)[1]
                yield Event(end, transfer.executed_at, transfer.transfer_id, event, moved=True)
        if links is not None and not event.by_link:
            for identifier, other in links.steps(event.account, event.at):
                yield Event(other, event.at, identifier, event, by_link=True, moved=event.moved)


def may_follow(transfer: Transfer, event: Event, rule: WalkRule, direction: Direction) -> bool:
    """Strictly after the arrival; and within the delay, unless it is the first transfer of the walk."""
    waited = along(transfer.executed_at, direction) - along(event.at, direction)
    if waited.total_seconds() <= 0:
        return False
    return rule.max_delay is None or not event.moved or waited <= rule.max_delay


def _with_first_predecessor(steps: Iterable[Event], direction: Direction) -> list[Event]:
    """The same step out of several arrivals is one live event: the first arrival explains it."""
    best: dict[tuple, Event] = {}
    for step in steps:
        same = (step.via, step.by_link, step.at, step.before.account, step.account)
        if same not in best or step.before.order(direction) < best[same].before.order(direction):
            best[same] = step
    return list(best.values())

"""The online engine, asked as the reference is: drawn or random flows become a graph, and answers become its form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.index.arranging import arrange
from cleanroom.lookout.index.tying import arranged
from cleanroom.lookout.ties import EVER, KINDS, TiedGraph
from cleanroom.lookout.walks import (
    UNBOUNDED,
    Arrivals,
    Bounds,
    Expansion,
    LinkedReach,
    Reach,
    Transfers,
    expand_all,
    expand_linked,
    together,
)
from cleanroom.lookout.walks.linked import TRANSFER, Step
from cleanroom.lookout.walks.moments import microseconds, moment
from cleanroom.moneyflow import reference
from cleanroom.moneyflow.reference import Direction, Links, Transfer, WalkRule
from tests.factories.drawing import Flow

_FIRST_IDENTIFIER = 1 << 64


@dataclass(frozen=True)
class Drawn:
    """A graph with the names that its accounts and transfers have in a flow. Ids keep the order of the names."""

    graph: Graph
    accounts: tuple[str, ...]
    transfers: tuple[str, ...]

    def number(self, account: str) -> int:
        return self.accounts.index(account)

    def names_of(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """Transfer ids of the numbers that walks give."""
        ids = Transfers(self.graph).column("transfer_id", np.fromiter(numbers, np.uint32))
        return tuple(self.transfers[int.from_bytes(row.tobytes(), "big")] for row in ids)


def graph_of(transfers: Iterable[Transfer], also: Iterable[str] = (), *, seed: int | None = None) -> Drawn:
    """`also`: accounts without transfers. With a seed, some of the transfers are in the delta and some accounts new."""
    flow = list(transfers)
    delta = [t for t in flow if Random(f"{seed} {t.transfer_id}").random() < 0.5] if seed is not None else []
    base = [t for t in flow if t not in delta]
    in_base = sorted({name for t in base for name in (t.sender, t.receiver)})
    new = sorted({name for t in delta for name in (t.sender, t.receiver)} | set(also) - set(in_base))
    names = tuple(dict.fromkeys([*in_base, *new]))
    ids = tuple(sorted(t.transfer_id for t in flow))
    tokens = np.frombuffer(b"".join(i.to_bytes(16, "big") for i in range(len(names))), np.uint8).reshape(-1, 16)
    base_segment = _segment(base, names, ids, accounts=len(in_base))
    delta_segment = _segment(delta, names, ids, compact=True) if delta else None
    return Drawn(Graph(tokens, base_segment, delta_segment, 1), names, ids)


def ask_lookout(
    flow: Flow, starts: Mapping[str, datetime], rule: WalkRule, *, seed: int | None = None
) -> dict[Direction, reference.Expansion]:
    """As `reference.expand` answers; over the base alone, or with a seed over base and delta."""
    drawn = graph_of(flow.carried(), starts, seed=seed)
    return in_its_words(drawn, expand_drawn(drawn, starts, rule))


def ask_lookout_linked(
    flow: Flow, starts: Mapping[str, datetime], rule: WalkRule, links: Links, *, seed: int | None = None
) -> dict[Direction, reference.Expansion]:
    """The same question with link steps. Accounts that only ties name are not in the graph."""
    drawn = graph_of(flow.carried(), starts, seed=seed)
    tied = tied_of(drawn, links)
    found = expand_linked(tied.graph, _numbered(drawn, starts), rule, links.limit, UNBOUNDED)
    return {way: tied.named(reach) for way, reach in found.ways.items()}


@dataclass(frozen=True)
class DrawnTies:
    """A tied graph with the names of accounts, transfers and identifiers. Tokens keep the order of the names."""

    graph: TiedGraph
    transfers: tuple[str, ...]
    names: Mapping[bytes, str]

    def named(self, reach: LinkedReach) -> reference.Expansion:
        arrivals = {}
        for place, found in enumerate(reach):
            path = tuple(map(self._step, reach.steps(np.array(reach.path_to(place), np.int64))))
            key, came_from = (self._account(found.account), found.layer), None
            if found.came_from is not None:
                assert self._step(found.step) == path[-1]
                came_from = self._account(found.came_from)
            assert key not in arrivals, "an account stands twice at one layer"
            via, at = path[-1] if path else None, moment(found.at_us)
            arrivals[key] = reference.Arrival(*key, at, self._account(found.start), via, came_from, path)
        hubs, truncated = (frozenset(map(self._account, found)) for found in (reach.hubs, reach.truncated))
        return reference.Expansion(arrivals, hubs, truncated)

    def _step(self, step: Step) -> str:
        if step.kind == TRANSFER:
            return self.transfers[int.from_bytes(step.via, "big")]
        kind, name = self.names[step.via].split()
        assert kind == step.kind
        return name

    def _account(self, number: int) -> str:
        return self.names[self.graph.tokens(np.array([number]))[0].tobytes()]


def tied_of(drawn: Drawn, links: Links) -> DrawnTies:
    accounts = sorted({*drawn.accounts, *(tie.account for tie in links.ties)})
    tokens = {name: _token(place) for place, name in enumerate(accounts)}
    known = {(tie.kind, tie.identifier) for tie in links.ties}
    identifiers = {
        key: _token(_FIRST_IDENTIFIER + place) for place, key in enumerate(sorted(known, key=lambda k: k[1]))
    }
    ties = arranged(
        _rows(tokens[tie.account] for tie in links.ties),
        np.array([KINDS.index(tie.kind) for tie in links.ties], np.uint8),
        _rows(identifiers[tie.kind, tie.identifier] for tie in links.ties),
        np.array([EVER if tie.held_from is None else microseconds(tie.held_from) for tie in links.ties], np.int64),
    )
    names = {token: name for name, token in tokens.items()}
    names |= {token: " ".join(key) for key, token in identifiers.items()}
    numbers = {tokens[name]: number for number, name in enumerate(drawn.accounts)}
    graph = replace(drawn.graph, tokens=_rows(tokens[name] for name in drawn.accounts))

    def accounts_of(some: np.ndarray) -> np.ndarray:
        return np.array([numbers.get(row.tobytes(), 2**32 - 1) for row in some], np.uint32)

    return DrawnTies(TiedGraph(graph, ties, accounts_of), drawn.transfers, names)


def _token(number: int) -> bytes:
    return number.to_bytes(16, "big")


def _rows(tokens: Iterable[bytes]) -> np.ndarray:
    return np.frombuffer(b"".join(tokens), np.uint8).reshape(-1, 16)


def expand_drawn(drawn: Drawn, starts: Mapping[str, datetime], rule: WalkRule, bounds: Bounds = UNBOUNDED) -> Expansion:
    return expand_all(drawn.graph, _numbered(drawn, starts), rule, bounds)


def in_its_words(drawn: Drawn, expansion: Expansion) -> dict[Direction, reference.Expansion]:
    """In the reference's words."""
    return {way: _named(drawn, reach) for way, reach in expansion.ways.items()}


def _named(drawn: Drawn, reach: Reach) -> reference.Expansion:
    arrivals = {}
    for place, found in enumerate(reach):
        account = drawn.accounts[found.account]
        via = drawn.names_of([found.via])[0] if found.via is not None else None
        came_from = drawn.accounts[found.came_from] if found.came_from is not None else None
        path = drawn.names_of(reach.path_to(place))
        start, at = drawn.accounts[found.start], moment(found.at_us)
        key = (account, found.layer)
        assert key not in arrivals, "an account stands twice at one layer"
        arrivals[key] = reference.Arrival(*key, at, start, via, came_from, path)
    hubs, truncated = (frozenset(drawn.accounts[a] for a in found) for found in (reach.hubs, reach.truncated))
    return reference.Expansion(arrivals, hubs, truncated)


def ask_together(
    flow: Flow, starts: Mapping[str, datetime], rule: WalkRule, *, seed: int | None = None
) -> dict[Direction, reference.Expansion]:
    """The same question, answered by one pass over all transfers."""
    drawn = graph_of(flow.carried(), starts, seed=seed)
    found = together(drawn.graph, _numbered(drawn, starts), rule)
    return {way: _all_named(drawn, arrivals, starts) for way, arrivals in found.items()}


def _all_named(drawn: Drawn, found: Arrivals, starts: Mapping[str, datetime]) -> reference.Expansion:
    arrivals, columns = {}, Transfers(drawn.graph)
    for number, layer in found:
        steps = found.path(number, layer)
        last = np.array(steps[-1:], np.uint32)
        key, start = (drawn.accounts[number], layer), drawn.accounts[found.start(number, layer)]
        assert key not in arrivals, "an account stands twice at one layer"
        if layer == 0:
            arrivals[key] = reference.Arrival(*key, starts[start], start)
            continue
        at, came_from = moment(columns.column("time_us", last)[0]), drawn.accounts[columns.origin(last, found.way)[0]]
        path = drawn.names_of(steps)
        arrivals[key] = reference.Arrival(*key, at, start, path[-1], came_from, path)
    hubs, truncated = (frozenset(drawn.accounts[a] for a in numbers) for numbers in (found.hubs, found.truncated))
    return reference.Expansion(arrivals, hubs, truncated)


def _numbered(drawn: Drawn, starts: Mapping[str, datetime]) -> dict[int, int]:
    return {drawn.number(account): microseconds(at) for account, at in starts.items()}


def _segment(transfers: list[Transfer], names: tuple[str, ...], ids: tuple[str, ...], **sides):
    number, rank = {name: i for i, name in enumerate(names)}, {name: i for i, name in enumerate(ids)}
    tokens = b"".join(rank[t.transfer_id].to_bytes(16, "big") for t in transfers)
    return arrange(
        np.array([microseconds(t.executed_at) for t in transfers], np.int64),
        np.array([number[t.sender] for t in transfers], np.uint32),
        np.array([number[t.receiver] for t in transfers], np.uint32),
        np.array([t.amount_cents for t in transfers], np.int64),
        np.frombuffer(tokens, np.uint8).reshape(-1, 16),
        **sides,
    )

"""The complex reads. Each takes the bank and one row of parameters and gives its rows in the benchmark's order.

Windows exclude both ends. Times on a walk ascend strictly. Decimals are exact until they are rounded, half up, to three
places. Sums of money come from hundredths.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice

from benchmarks.finbench.data import Bank, Tie
from benchmarks.finbench.edges import ASCENDING, DESCENDING, View
from cleanroom.lookout.bounds import UNBOUNDED
from cleanroom.lookout.walks.expanding import expand
from cleanroom.moneyflow.rules import Direction, WalkRule

Row = list[int | float | str]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS = 3
_MORE_THAN_TRANSFERS_IN = 3


@dataclass(frozen=True)
class Cut:
    """The last parameters of most reads: window in epoch milliseconds, truncation per step."""

    start_ms: int
    end_ms: int
    limit: int | None = None
    order: str = DESCENDING

    def view(self, graph) -> View:
        return View(graph, self.start_ms * 1000, self.end_ms * 1000, self.limit, self.order)

    def holds(self, tie: Tie) -> bool:
        return self.start_ms * 1000 < tie.at_us < self.end_ms * 1000

    def rule(self, direction: Direction, largest_degree: int) -> WalkRule:
        """Raises ValueError where edges would have to be cut oldest last: the engine keeps the latest."""
        binds = self.limit is not None and self.limit < largest_degree
        if binds and self.order == ASCENDING:
            raise ValueError(f"the engine keeps an account's latest transfers, and {self.order} asks for its first")
        return WalkRule(
            layers=_STEPS,
            direction=direction,
            keep_latest=self.limit if binds else None,
            after=_moment(self.start_ms),
            before=_moment(self.end_ms),
        )


def read_1(bank: Bank, account: int, cut: Cut) -> list[Row]:
    """Accounts up to three transfers on, in time order, that a blocked medium signed in to."""
    found = set()
    for other, distance in _reached(bank, account, cut, Direction.FORWARD):
        for tie in bank.sign_ins.get(other, ()):
            if tie.other in bank.blocked_media and cut.holds(tie):
                found.add((int(bank.ids[other]), distance, tie.other, bank.blocked_media[tie.other]))
    return [list(row) for row in sorted(found, key=lambda row: (row[1], row[0], row[2]))]


def read_2(bank: Bank, person: int, cut: Cut) -> list[Row]:
    """Who paid, over up to three transfers, into a person's accounts, and the loans that were deposited there."""
    owned = bank.owned.get(person, ())
    others = {other for mine in owned for other, _ in _reached(bank, mine, cut, Direction.BACKWARD)}
    sums = []
    for other in others:
        loans = {tie.other for tie in bank.deposits.get(other, ()) if cut.holds(tie)}
        if loans:
            amount = sum(bank.loans[loan].amount for loan in loans)
            balance = sum(bank.loans[loan].balance for loan in loans)
            sums.append((amount, balance, int(bank.ids[other])))
    sums.sort(key=lambda row: (-row[0], row[2]))
    return [[name, rounded(amount), rounded(balance)] for amount, balance, name in sums]


def read_3(bank: Bank, origin: int, target: int, cut: Cut) -> list[Row]:
    """Length of the shortest path over transfers inside the window, in any order of time; -1 where there is none."""
    view = cut.view(bank.transfers)
    seen, frontier, length = {origin}, {origin}, 0
    while frontier and target not in seen:
        frontier = {other for account in frontier for _, other in view.outgoing(account)} - seen
        seen |= frontier
        length += 1
    return [[length if target in seen else -1]]


def read_5(bank: Bank, person: int, cut: Cut) -> list[Row]:
    """Account lists of walks of one to three transfers from a person's accounts, in time order, none twice."""
    view = cut.view(bank.transfers)
    lists = {walk for mine in bank.owned.get(person, ()) for walk in _simple_walks(view, (mine,), -1)}
    named = [[int(bank.ids[account]) for account in walk] for walk in lists]
    return sorted(named, key=lambda row: (-len(row), row))


def read_6(bank: Bank, card: int, more_than_in: Decimal, more_than_out: Decimal, cut: Cut) -> list[Row]:
    """Accounts that withdrew to a card what more than three transfers had brought in."""
    view, cash = cut.view(bank.transfers), cut.view(bank.withdrawals)
    withdrawn: dict[int, int] = defaultdict(int)
    for number, account in cash.incoming(card):
        if cash.cents(number) > more_than_out * 100:
            withdrawn[account] += cash.cents(number)
    found = []
    for account, out_cents in withdrawn.items():
        amounts = [view.cents(number) for number, _ in view.incoming(account)]
        large = [cents for cents in amounts if cents > more_than_in * 100]
        if len(large) > _MORE_THAN_TRANSFERS_IN:
            found.append((out_cents, int(bank.ids[account]), sum(large)))
    found.sort(key=lambda row: (-row[0], row[1]))
    return [[name, rounded(Decimal(into) / 100), rounded(Decimal(out) / 100)] for out, name, into in found]


def read_8(bank: Bank, loan: int, threshold: Decimal, cut: Cut) -> list[Row]:
    """Where a loan's money went within three transfers or withdrawals, and what share of it came by the last edges."""
    if loan not in bank.loans:
        return []
    kinds = (cut.view(bank.transfers), cut.view(bank.withdrawals))
    frontier = {tie.other for tie in bank.deposited.get(loan, ()) if cut.holds(tie)}
    nearest: dict[int, int] = {}
    last_edges: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for step in range(1, _STEPS + 1):
        reached = set()
        for account in frontier:
            for kind, number, other in _leaving(kinds, account, threshold):
                reached.add(other)
                last_edges[other].add((kind, number))
                nearest.setdefault(other, step + 1)
        frontier = reached
    whole = bank.loans[loan].amount
    rows = []
    for account, edges in last_edges.items():
        cents = sum(kinds[kind].cents(number) for kind, number in edges)
        rows.append([int(bank.ids[account]), rounded(Decimal(cents) / 100 / whole), nearest[account]])
    return sorted(rows, key=lambda row: (-row[2], -row[1], row[0]))


def rounded(exact: Decimal) -> float:
    return float(exact.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP))


def _moment(epoch_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=epoch_ms)


def _reached(bank: Bank, account: int, cut: Cut, direction: Direction) -> Iterator[tuple[int, int]]:
    """(account, transfers on the walk) for every length at which a walk in time order gets there."""
    rule = cut.rule(direction, bank.most_transfers)
    begins_us = (cut.start_ms if direction is Direction.FORWARD else cut.end_ms) * 1000
    reach = expand(bank.transfers, account, begins_us, rule, UNBOUNDED).only
    yield from islice(zip(reach.account.tolist(), reach.layer.tolist(), strict=True), reach.ends[1], None)


def _simple_walks(view: View, walk: tuple[int, ...], after: int) -> Iterator[tuple[int, ...]]:
    if len(walk) > _STEPS:
        return
    time_us = view.graph.base.time_us
    for number, other in view.outgoing(walk[-1]):
        if other not in walk and (after < 0 or time_us[number] > time_us[after]):
            yield (*walk, other)
            yield from _simple_walks(view, (*walk, other), number)


def _leaving(kinds: Sequence[View], account: int, threshold: Decimal) -> Iterator[tuple[int, int, int]]:
    """(kind, number, receiver) of the edges whose amount is over the threshold's share of what came in by transfer."""
    transfers = kinds[0]
    bound = threshold * sum(transfers.cents(number) for number, _ in transfers.incoming(account))
    edges = [
        (int(view.graph.base.time_us[number]), kind, number, other)
        for kind, view in enumerate(kinds)
        for number, other in view.outgoing(account)
    ]
    for _, kind, number, other in _first(sorted(edges), transfers):
        if kinds[kind].cents(number) > bound:
            yield kind, number, other


def _first(edges: list, view: View) -> list:
    """Both kinds of edges together are cut to the query's number."""
    if view.limit is None or len(edges) <= view.limit:
        return edges
    return edges[-view.limit :] if view.order == DESCENDING else edges[: view.limit]

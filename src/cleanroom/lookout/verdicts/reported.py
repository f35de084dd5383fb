"""Which incoming transfers carried the money that was reported lost, out of the graph's own arrays."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cleanroom.lookout.graph import Graph, Segment, Side
from cleanroom.moneyflow.rules import LOOKBACK

LOOKBACK_US = LOOKBACK.days * 86_400_000_000


@dataclass(frozen=True, order=True)
class Entry:
    """Reported cents that came in with one transfer, named by moment and id, which outlive a merge of the index."""

    at_us: int
    transfer_id: bytes
    cents: int


def reported_money(graph: Graph, account: int, listed_us: int, reported_cents: int) -> tuple[Entry, ...]:
    """Within the look-back before the notice: the latest incoming transfer of exactly the sum, else the latest ones
    until the sum is reached. A transfer to oneself brings nothing."""
    if reported_cents <= 0:
        return ()
    latest_first = sorted(_incoming(graph, account, listed_us - LOOKBACK_US, listed_us), reverse=True)
    exact = [entry for entry in latest_first if entry.cents == reported_cents]
    found, left = [], reported_cents
    for entry in exact[:1] or latest_first:
        if left <= 0:
            break
        found.append(Entry(entry.at_us, entry.transfer_id, min(left, entry.cents)))
        left -= entry.cents
    return tuple(found)


def _incoming(graph: Graph, account: int, since_us: int, until_us: int) -> Iterable[Entry]:
    """The account's incoming transfers with since <= moment < until, with their whole amounts."""
    for segment in graph.segments:
        numbers, senders = entries(segment.incoming, account, segment, since_us, until_us)
        for number in numbers[senders != account].tolist():
            yield Entry(
                int(segment.time_us[number]), segment.transfer_id[number].tobytes(), int(segment.amount_cents[number])
            )


def entries(side: Side, account: int, segment: Segment, since_us: int, until_us: int) -> tuple[np.ndarray, np.ndarray]:
    """(numbers, other accounts) of the account's transfers on this side with since <= moment < until."""
    row = row_of(side, account)
    if row is None:
        return side.number[:0], side.other[:0]
    first, last = int(side.offsets[row]), int(side.offsets[row + 1])
    bounds = np.searchsorted(segment.time_us, [since_us, until_us])
    low, high = first + np.searchsorted(side.number[first:last], bounds)
    return side.number[low:high], side.other[low:high]


def row_of(side: Side, account: int) -> int | None:
    """None where the account has no transfers on this side."""
    if side.accounts is None:
        return account if account < len(side.offsets) - 1 else None
    row = int(np.searchsorted(side.accounts, account))
    return row if row < len(side.accounts) and side.accounts[row] == account else None

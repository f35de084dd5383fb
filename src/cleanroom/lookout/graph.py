"""The layout of a graph in memory. Arrays are memory-mapped or plain; nobody writes to them.

Accounts and transfers are dense integers. A token or transfer id is 16 bytes (32 hex digits in the warehouse).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Side:
    """The transfers of each account in one direction: outgoing (`other` is the receiver) or incoming (the sender).

    Row i of `accounts` has the entries `offsets[i]:offsets[i + 1]`, in the order of their numbers, so of time.
    `accounts` is None where every account has a row of its own: then row and account are the same. Else it is
    ascending. An account without a row (in a base: one that came later) has no entries here.
    Dtypes: `accounts` uint32[rows], `offsets` uint32[rows + 1], `number` and `other` uint32[transfers].
    """

    accounts: np.ndarray | None
    offsets: np.ndarray
    number: np.ndarray
    other: np.ndarray


@dataclass(frozen=True)
class Segment:
    """Transfers in the order of (executed_at, transfer_id); a transfer's number is its place here.

    `time_us` int64 (UTC microseconds since 1970), `sender` and `receiver` uint32, `amount_cents` int64, all of one
    length n < 2**31 (compiled pointers take a uint32 from 2**31 on for a negative index); `transfer_id` uint8[n, 16].
    """

    time_us: np.ndarray
    sender: np.ndarray
    receiver: np.ndarray
    amount_cents: np.ndarray
    transfer_id: np.ndarray
    outgoing: Side
    incoming: Side

    def __len__(self) -> int:
        return len(self.time_us)


@dataclass(frozen=True)
class Graph:
    """One consistent state: the base and what came since (`delta`, None where nothing did).

    `tokens` uint8[accounts, 16] in the order of account numbers. New accounts only ever go to the end, so a number
    means the same account as long as the index lives. Times of the delta may lie anywhere: late transfers are normal.
    Of one transfer id only one transfer is in the graph. `state` counts up with every change. `generation` counts up
    with every merge: within a generation the base is the same, so are its transfers' numbers; the delta is another
    with every state.
    """

    tokens: np.ndarray
    base: Segment
    delta: Segment | None
    state: int
    generation: int = 0

    @property
    def segments(self) -> Iterator[Segment]:
        yield self.base
        if self.delta is not None:
            yield self.delta

    @property
    def accounts(self) -> int:
        return len(self.tokens)

    @property
    def transfers(self) -> int:
        return sum(len(segment) for segment in self.segments)

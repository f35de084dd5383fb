"""The layout of ties in memory: which accounts hang together with which holder, phone, device or platform account."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cleanroom.lookout.graph import Graph

KINDS = ("holder", "phone", "device", "platform_account")
EVER = -(1 << 62)  # microseconds: the tie began before anything that is known
NOBODY = -1


@dataclass(frozen=True)
class Ties:
    """Each pair of account and identifier once, since the earliest moment. Arrays are memory-mapped or plain.

    Accounts have rows of their own, as many have no transfer: `accounts` uint8[a, 16], ascending. That of row r has the
    identifiers `own[own_offsets[r]:own_offsets[r + 1]]`, held from `own_from` on. `identifiers` uint8[i, 16] ascending,
    `kinds` uint8[i] (places in KINDS). That of row d has the accounts
    `members[member_offsets[d]:member_offsets[d + 1]]`, in the order of `members_from`. Dtypes: offsets, `own` and
    `members` uint32, moments int64 microseconds.
    """

    accounts: np.ndarray
    own_offsets: np.ndarray
    own: np.ndarray
    own_from: np.ndarray
    identifiers: np.ndarray
    kinds: np.ndarray
    member_offsets: np.ndarray
    members: np.ndarray
    members_from: np.ndarray

    def __len__(self) -> int:
        return len(self.own)

    def rows_of(self, tokens: np.ndarray) -> np.ndarray:
        """int64[n]: rows of accounts by their tokens uint8[n, 16], NOBODY where nothing is tied to one."""
        if not len(self.accounts):
            return np.full(len(tokens), NOBODY, np.int64)
        found = np.minimum(np.searchsorted(as_text(self.accounts), as_text(tokens)), len(self.accounts) - 1)
        return np.where((self.accounts[found] == tokens).all(axis=1), found, NOBODY)


def as_text(tokens: np.ndarray) -> np.ndarray:
    """uint8[n, 16] as n byte strings, which compare as the bytes do."""
    return np.ascontiguousarray(tokens).reshape(-1).view("S16")


@dataclass(frozen=True)
class TiedGraph:
    """A graph and its ties. An account that only ties know has the number `graph.accounts` plus its row in the ties.

    `accounts_of`: tokens uint8[n, 16] to the graph's account numbers; a number that is none of this graph's is nobody.
    """

    graph: Graph
    ties: Ties
    accounts_of: Callable[[np.ndarray], np.ndarray]

    @property
    def accounts(self) -> int:
        return self.graph.accounts + len(self.ties.accounts)

    def rows(self, numbers: np.ndarray) -> np.ndarray:
        """int64[n]: rows in the ties of accounts by their numbers, NOBODY where nothing is tied to one."""
        return self.ties.rows_of(self.tokens(numbers))

    def numbers(self, rows: np.ndarray) -> np.ndarray:
        """int64[n]: account numbers of rows in the ties."""
        found = self.accounts_of(self.ties.accounts[rows]).astype(np.int64)
        return np.where(found < self.graph.accounts, found, self.graph.accounts + rows)

    def tokens(self, numbers: np.ndarray) -> np.ndarray:
        """uint8[n, 16]"""
        found = np.empty((len(numbers), 16), np.uint8)
        in_graph = numbers < self.graph.accounts
        found[in_graph] = self.graph.tokens[numbers[in_graph]]
        found[~in_graph] = self.ties.accounts[numbers[~in_graph] - self.graph.accounts]
        return found

    def number(self, token: bytes) -> int | None:
        """Of one account; None where neither the graph nor a tie knows it."""
        one = np.frombuffer(token, np.uint8).reshape(1, 16)
        number = int(self.accounts_of(one)[0])
        if number < self.graph.accounts:
            return number
        row = int(self.ties.rows_of(one)[0])
        return None if row == NOBODY else self.graph.accounts + row

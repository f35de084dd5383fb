"""Transfers and listings as arrays: the one form in which this station reads the warehouse.

Times are UTC microseconds since 1970, money is TWD cents, accounts and institutions are dense integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Ledger:
    """Transfers in the order in which they happened (ties: transfer id).

    `sender`, `receiver`: index into `tokens`; `executed_us`, `amount_cents`: int64; all four of one length.
    `institution_of`: per account, index into `institutions`.
    """

    tokens: tuple[str, ...]
    institutions: tuple[str, ...]
    institution_of: np.ndarray
    sender: np.ndarray
    receiver: np.ndarray
    executed_us: np.ndarray
    amount_cents: np.ndarray

    def __len__(self) -> int:
        return len(self.sender)

    @cached_property
    def index_of(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.tokens)}

    @cached_property
    def moves(self) -> np.ndarray:
        """Which transfers move money: not from an account to itself, which only shows that it was there."""
        return self.sender != self.receiver

    @cached_property
    def _by_sender(self) -> tuple[np.ndarray, np.ndarray]:
        return _grouped(self.sender, self.moves, len(self.tokens))

    @cached_property
    def _by_receiver(self) -> tuple[np.ndarray, np.ndarray]:
        return _grouped(self.receiver, self.moves, len(self.tokens))

    def sent_by(self, account: int) -> np.ndarray:
        """Positions of the account's outgoing transfers that move money, in time order."""
        return _members(self._by_sender, account)

    def received_by(self, account: int) -> np.ndarray:
        """Positions of the account's incoming transfers that move money, in time order."""
        return _members(self._by_receiver, account)

    def seen_by(self, institution: int) -> np.ndarray:
        """Which transfers stand in one institution's own ledger: it sent them or received them."""
        at = self.institution_of
        return (at[self.sender] == institution) | (at[self.receiver] == institution)

    def only(self, mask: np.ndarray) -> "Ledger":
        """The same accounts, fewer transfers."""
        return Ledger(
            self.tokens,
            self.institutions,
            self.institution_of,
            self.sender[mask],
            self.receiver[mask],
            self.executed_us[mask],
            self.amount_cents[mask],
        )


@dataclass(frozen=True)
class Listing:
    """A watch-listing. `reported_cents` is 0 where it was lifted again: no loss is counted on its account."""

    account: int
    institution: int
    listed_us: int
    reported_cents: int


def ledger_from(transfers: pa.Table) -> Ledger:
    """From `evaluation.followed_transfers`. Reads sender_account_token, sender_institution, receiver_*,
    executed_at, amount_cents, transfer_id."""
    transfers = transfers.sort_by([("executed_at", "ascending"), ("transfer_id", "ascending")])
    senders, receivers = transfers["sender_account_token"], transfers["receiver_account_token"]
    both = pa.chunked_array(senders.chunks + receivers.chunks, type=pa.string()).combine_chunks()
    coded = both.dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    at = _column(transfers, "sender_institution") + _column(transfers, "receiver_institution")
    institutions = tuple(sorted(set(at)))
    institution_of = np.zeros(len(coded.dictionary), dtype=np.int64)
    institution_of[codes] = np.searchsorted(np.array(institutions), np.array(at)) if at else 0
    return Ledger(
        tokens=tuple(coded.dictionary.to_pylist()),
        institutions=institutions,
        institution_of=institution_of,
        sender=codes[: len(transfers)],
        receiver=codes[len(transfers) :],
        executed_us=microseconds(transfers["executed_at"]),
        amount_cents=transfers["amount_cents"].to_numpy().astype(np.int64),
    )


def listings_from(rows: pa.Table, ledger: Ledger) -> tuple[Listing, ...]:
    """From `evaluation.reported_losses`, in time order. Accounts that no transfer touches are left out: no money
    can be followed from them."""
    at = {code: i for i, code in enumerate(ledger.institutions)}
    listed = microseconds(rows["listed_at"])
    found = [
        Listing(ledger.index_of[r["account_token"]], at[r["institution"]], int(us), r["counted_loss_cents"])
        for r, us in zip(rows.to_pylist(), listed, strict=True)
        if r["account_token"] in ledger.index_of and r["institution"] in at
    ]
    return tuple(sorted(found, key=lambda x: (x.listed_us, ledger.tokens[x.account])))


def microseconds(column: pa.ChunkedArray) -> np.ndarray:
    """A timestamp column as int64 UTC microseconds."""
    return pc.cast(pc.cast(column, pa.timestamp("us", tz="UTC")), pa.int64()).to_numpy().astype(np.int64)


def _column(table: pa.Table, name: str) -> list[str]:
    return table[name].to_pylist()


def _grouped(keys: np.ndarray, chosen: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray]:
    positions = np.flatnonzero(chosen)
    order = positions[np.argsort(keys[positions], kind="stable")]
    return order, np.searchsorted(keys[order], np.arange(groups + 1))


def _members(grouped: tuple[np.ndarray, np.ndarray], group: int) -> np.ndarray:
    order, bounds = grouped
    return order[bounds[group] : bounds[group + 1]]


def select_institutions(ledger: Ledger, codes: Sequence[str]) -> frozenset[int]:
    """Indices of the institutions named, where the ledger knows them."""
    return frozenset(i for i, code in enumerate(ledger.institutions) if code in set(codes))

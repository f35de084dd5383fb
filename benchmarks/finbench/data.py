"""Loads a FinBench snapshot: transfers and withdrawals as graphs of the engine, the rest as small tables."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.index.arranging import arrange

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tie:
    """An edge to something that is no account, since `at_us`."""

    other: int
    at_us: int


@dataclass(frozen=True)
class Loan:
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True)
class Bank:
    """The snapshot. Accounts are dense integers; `ids[account]` is FinBench's id. Money in the graphs is in hundredths.

    `sign_ins` by account: media. `owned` by person: accounts. `deposits` by account: loans; `deposited` by loan:
    accounts.
    """

    ids: np.ndarray
    transfers: Graph
    withdrawals: Graph
    blocked_media: dict[int, str]
    sign_ins: dict[int, list[Tie]]
    owned: dict[int, list[int]]
    loans: dict[int, Loan]
    deposits: dict[int, list[Tie]]
    deposited: dict[int, list[Tie]]

    @cached_property
    def most_transfers(self) -> int:
        """Of any account in one direction."""
        sides = self.transfers.base.outgoing, self.transfers.base.incoming
        return max(int(np.diff(side.offsets).max(initial=0)) for side in sides)

    def account(self, name: int) -> int | None:
        """The account's number; None where the snapshot has none of that id."""
        place = int(np.searchsorted(self.ids, name))
        return place if place < len(self.ids) and self.ids[place] == name else None


def load(folder: Path) -> Bank:
    """Raises OSError where a file is missing, ValueError naming file and line where one is broken."""
    snapshot = folder / "snapshot"
    ids = np.array(sorted(int(row["accountId"]) for row in _rows(snapshot / "Account.csv")), dtype=np.int64)
    number = {int(name): place for place, name in enumerate(ids)}
    deposits, deposited = _deposits(snapshot, number)
    return Bank(
        ids=ids,
        transfers=_graph(snapshot / "AccountTransferAccount.csv", number),
        withdrawals=_graph(snapshot / "AccountWithdrawAccount.csv", number),
        blocked_media=_blocked_media(snapshot),
        sign_ins=_sign_ins(snapshot, number),
        owned=_owned(snapshot, number),
        loans=_loans(snapshot),
        deposits=deposits,
        deposited=deposited,
    )


def microseconds(text: str) -> int:
    """UTC microseconds since 1970 of FinBench's "2020-01-10 06:22:20.222"; exact."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as text:
        reader = csv.DictReader(text, delimiter="|", quoting=csv.QUOTE_NONE)
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(f"{path.name}, line {reader.line_num}: other columns than the header's")
            yield row


def _graph(path: Path, number: dict[int, int]) -> Graph:
    rows = list(_rows(path))
    names = np.zeros((len(rows), 16), dtype=np.uint8)
    names[:, 8:] = np.arange(len(rows), dtype=">u8").view(np.uint8).reshape(-1, 8)
    segment = arrange(
        np.array([microseconds(r["createTime"]) for r in rows], dtype=np.int64),
        np.array([number[int(r["fromId"])] for r in rows], dtype=np.uint32),
        np.array([number[int(r["toId"])] for r in rows], dtype=np.uint32),
        np.array([_hundredths(r["amount"]) for r in rows], dtype=np.int64),
        names,
        accounts=len(number),
    )
    tokens = np.zeros((len(number), 16), dtype=np.uint8)
    tokens[:, 8:] = np.arange(len(number), dtype=">u8").view(np.uint8).reshape(-1, 8)
    return Graph(tokens=tokens, base=segment, delta=None, state=0)


def _hundredths(amount: str) -> int:
    exact = Decimal(amount) * 100
    if exact != int(exact):
        raise ValueError(f"{amount} has more than two decimals")
    return int(exact)


def _blocked_media(snapshot: Path) -> dict[int, str]:
    media = _rows(snapshot / "Medium.csv")
    return {int(m["mediumId"]): m["mediumType"] for m in media if m["isBlocked"] == "true"}


def _sign_ins(snapshot: Path, number: dict[int, int]) -> dict[int, list[Tie]]:
    found: dict[int, list[Tie]] = defaultdict(list)
    for row in _rows(snapshot / "MediumSignInAccount.csv"):
        found[number[int(row["accountId"])]].append(Tie(int(row["mediumId"]), microseconds(row["createTime"])))
    return dict(found)


def _owned(snapshot: Path, number: dict[int, int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for row in _rows(snapshot / "PersonOwnAccount.csv"):
        found[int(row["personId"])].append(number[int(row["accountId"])])
    return dict(found)


def _loans(snapshot: Path) -> dict[int, Loan]:
    rows = _rows(snapshot / "Loan.csv")
    return {int(r["loanId"]): Loan(Decimal(r["loanAmount"]), Decimal(r["balance"])) for r in rows}


def _deposits(snapshot: Path, number: dict[int, int]) -> tuple[dict[int, list[Tie]], dict[int, list[Tie]]]:
    by_account: dict[int, list[Tie]] = defaultdict(list)
    by_loan: dict[int, list[Tie]] = defaultdict(list)
    for row in _rows(snapshot / "LoanDepositAccount.csv"):
        account, loan, at_us = number[int(row["accountId"])], int(row["loanId"]), microseconds(row["createTime"])
        by_account[account].append(Tie(loan, at_us))
        by_loan[loan].append(Tie(account, at_us))
    return dict(by_account), dict(by_loan)

"""Small graphs with listings for the kept verdicts, and what they should be by the reference."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.index.arranging import arrange
from cleanroom.lookout.verdicts.listings import Listing
from cleanroom.lookout.verdicts.records import AT, HELD, ID_FIRST, MARKS, REACHED_BITS, RECEIVED, STARTS, Records
from cleanroom.moneyflow import reference
from cleanroom.moneyflow.reference import Direction, TaintMethod, WalkRule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000
NOON = 20_000 * DAY_US  # of some day


@dataclass(frozen=True)
class Paid:
    """A transfer: `key` makes its id, `at_us` its moment, accounts by number of their token."""

    key: int
    at_us: int
    sender: int
    receiver: int
    cents: int


@dataclass
class Room:
    """An index in memory: transfers in the base, transfers in the delta, accounts in the order of their coming."""

    base: list[Paid] = field(default_factory=list)
    delta: list[Paid] = field(default_factory=list)
    accounts: dict[bytes, int] = field(default_factory=dict)
    state: int = 0

    def append(self, paid: list[Paid]) -> int | None:
        """The earliest moment of what is new."""
        self.delta += paid
        self.state += 1
        for one in paid:
            for account in (one.sender, one.receiver):
                self.accounts.setdefault(token(account), len(self.accounts))
        return min((one.at_us for one in paid), default=None)

    def merge(self) -> None:
        self.base, self.delta = [*self.base, *self.delta], []
        self.state += 1

    def graph_after(self, paid: list[Paid]) -> Graph:
        self.append(paid)
        return self.graph

    @property
    def graph(self) -> Graph:
        tokens = np.frombuffer(b"".join(self.accounts), dtype=np.uint8).reshape(-1, 16)
        delta = self._segment(self.delta, compact=True) if self.delta else None
        return Graph(tokens, self._segment(self.base), delta, self.state)

    def _segment(self, paid: list[Paid], *, compact: bool = False):
        return arrange(
            np.array([one.at_us for one in paid], dtype=np.int64),
            np.array([self.accounts[token(one.sender)] for one in paid], dtype=np.uint32),
            np.array([self.accounts[token(one.receiver)] for one in paid], dtype=np.uint32),
            np.array([one.cents for one in paid], dtype=np.int64),
            np.frombuffer(b"".join(transfer_id(one.key) for one in paid), dtype=np.uint8).reshape(-1, 16),
            accounts=None if compact else len(self.accounts),
            compact=compact,
        )

    @property
    def transfers(self) -> list[reference.Transfer]:
        return [
            reference.Transfer(
                transfer_id(one.key).hex(),
                moment(one.at_us),
                token(one.sender).hex(),
                token(one.receiver).hex(),
                one.cents,
            )
            for one in (*self.base, *self.delta)
        ]


def token(account: int) -> bytes:
    return account.to_bytes(2, "big") + bytes(14)


def transfer_id(key: int) -> bytes:
    """Not in the order of keys."""
    return ((key * 2654435761) % 2**32).to_bytes(4, "big") + key.to_bytes(12, "big")


def moment(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)


def listed(account: int, at_us: int, cents: int, case: str = "") -> Listing:
    return Listing(token(account), at_us, None, cents, case or f"{account}-{at_us}-{cents}")


def by_reference(room: Room, listings: list[Listing]) -> dict[str, dict]:
    """Per token (hex): layer bits, nearest arrival (moment, transfer, start), tainted cents received and held."""
    transfers = room.transfers
    begins: dict[str, datetime] = {}
    for one in listings:
        begin = moment(one.begins_us)
        begins[one.token.hex()] = min(begin, begins.get(one.token.hex(), begin))
    found = reference.expand(transfers, begins, WalkRule())[Direction.FORWARD].arrivals
    reports = [
        reference.Listing(one.case_no, one.token.hex(), moment(one.listed_us), one.reported_cents) for one in listings
    ]
    taint = reference.follow(transfers, reference.reported_money(transfers, reports), TaintMethod.HAIRCUT)
    expected: dict[str, dict] = {}
    for name in room.accounts:
        arrivals = [arrival for (account, layer), arrival in found.items() if account == name.hex() and layer]
        nearest = min(arrivals, key=lambda arrival: arrival.layer, default=None)
        expected[name.hex()] = {
            "layers": sum(1 << arrival.layer for arrival in arrivals),
            "nearest": nearest and (nearest.at, nearest.via, nearest.start),
            "received": taint.received.get(name.hex(), 0),
            "held": taint.held.get(name.hex(), 0),
        }
    return expected


def as_kept(room: Room, records: Records) -> dict[str, dict]:
    """The same out of the kept state."""
    names = [name.hex() for name in room.accounts]
    found = {}
    for account, name in enumerate(names):
        hot, cold = records.hot[account], records.cold[account]
        layers = int(hot[MARKS]) & REACHED_BITS
        start = int(cold[STARTS]) & 0xFFFFFFFF
        nearest = moment(int(cold[AT])), cold[ID_FIRST:STARTS].tobytes().hex(), names[start]
        found[name] = {
            "layers": layers,
            "nearest": nearest if layers else None,
            "received": int(hot[RECEIVED]),
            "held": int(hot[HELD]),
        }
    return found

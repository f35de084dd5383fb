"""A room with a warehouse and a recorder in the portal's place, and a few rows to land; no keys and no objects."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cleanroom.errors import PortalFault
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Warehouse
from cleanroom.stores.warehouse import open_warehouse
from tests.factories.landing import land_rows

NINE = datetime(2025, 6, 1, 9, tzinfo=UTC)
PERIOD = (date(2025, 6, 1), date(2025, 6, 30))


@dataclass
class Recorder:
    """Keeps what is published to the portal. `down`: the methods that answer as an unreachable portal does."""

    results: list = field(default_factory=list)
    down: set[str] = field(default_factory=set)

    def publish_result(self, result) -> None:
        if "publish_result" in self.down:
            raise PortalFault("the portal does not answer")
        self.results.append(result)

    def body(self, kind: str) -> dict:
        (result,) = [r for r in self.results if r.kind == kind]
        return result.body


@dataclass(frozen=True)
class SmallRoom:
    settings: RoomSettings
    warehouse: Warehouse
    portal: Recorder


def open_small_room(home: Path, warehouse: str = "") -> SmallRoom:
    settings = RoomSettings(home=home, warehouse=warehouse)
    return SmallRoom(settings, open_warehouse(settings), Recorder())


def booking(txn_id, sender, receiver, at, *, ref=None, cents=100_000):
    return {
        "txn_id": txn_id,
        "clearing_ref": ref,
        "executed_at": at,
        "sender_institution": sender[:3],
        "sender_account": sender[3:],
        "receiver_institution": receiver[:3],
        "receiver_account": receiver[3:],
        "amount_twd": cents / 100,
        "channel": "mobile",
        "preregistered": False,
        "reversed": False,
    }


def listed(account, at, event="listed", **other):
    row = {
        "subject_kind": "account",
        "subject": account,
        "list": "watch_listed",
        "event": event,
        "occurred_at": at,
        "agency": "police",
        "legal_reason": "fraud",
        "case_no": "c1",
        "reported_loss_twd": "1000",
    }
    return row | other


def account(number):
    return {
        "account": number,
        "holder_id_kind": "national_id",
        "holder_id": f"holder of {number}",
        "opened_on": date(2020, 1, 1),
        "kind": "personal",
        "status": "active",
    }


def land_small(warehouse):
    """808's account 100001 pays 822's 200001, which pays 808's 100002; 808 lists the first one."""
    first = ("808100001", "822200001", NINE)
    second = ("822200001", "808100002", NINE + timedelta(hours=1))
    for code in ("808", "822"):
        rows = [booking(f"{code}-1", *first, ref="c1"), booking(f"{code}-2", *second)]
        land_rows(warehouse, code, "transfers", rows, period=PERIOD)
    land_rows(warehouse, "808", "accounts", [account("100001"), account("100002")], period=PERIOD)
    land_rows(warehouse, "808", "list_events", [listed("100001", NINE + timedelta(days=2))], period=PERIOD)

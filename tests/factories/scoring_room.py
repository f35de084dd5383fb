"""A room with a warehouse, an object store and the portal in memory, and made-up ledgers with mules in them."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cleanroom.contracts import messages as m
from cleanroom.contracts.messages import RuleResult, UploadReport
from cleanroom.pipeline import moneyflow
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.settings import RoomSettings
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.ports import ObjectStore, Warehouse
from cleanroom.stores.warehouse import open_warehouse
from cleanroom.vocabulary.terms import Dataset, UploadState
from tests.factories.landing import land_rows
from tests.factories.small_room import account, booking, listed
from tests.fakes.portal import MemoryPortal, signed_mou, specification_in_force

CODES = ("700", "808", "822")
START = datetime(2025, 4, 1, tzinfo=UTC)
END = datetime(2025, 7, 8, 12, tzinfo=UTC)
PERIOD = (date(2025, 4, 1), date(2025, 7, 8))
ACCOUNTS = 240
MULES = 24


@dataclass(frozen=True)
class ScoringRoom:
    settings: RoomSettings
    warehouse: Warehouse
    objects: ObjectStore
    portal: MemoryPortal


def number(i: int) -> str:
    """Institution code and account number of the i-th account."""
    return f"{CODES[i % 3]}{100000 + i}"


def transfers(seed: int, *, count: int = 2500) -> list[tuple[str, str, datetime, int]]:
    """(sender, receiver, time, cents) in order of time; the last one stands at END whatever the seed."""
    rng = random.Random(seed)
    made = [_transfer(rng) for _ in range(count)]
    return [*sorted(made, key=lambda t: t[2]), (number(ACCOUNTS - 1), number(ACCOUNTS - 2), END, 100_00)]


def _transfer(rng: random.Random) -> tuple[str, str, datetime, int]:
    at = START + timedelta(seconds=rng.randrange(int((END - START).total_seconds()) - 1))
    others, mules = range(MULES, ACCOUNTS), range(MULES)
    receiver = rng.choice(mules) if rng.random() < 0.4 else rng.choice(others)
    sender = rng.choice(mules) if receiver < MULES and rng.random() < 0.5 else rng.choice(others)
    if sender == receiver:
        sender = ACCOUNTS - 3
    return number(sender), number(receiver), at, rng.randrange(1_000_00, 50_000_00)


def listings() -> list[tuple[str, datetime]]:
    """Every second mule, one each five days from the twentieth day on."""
    return [(number(2 * i), START + timedelta(days=20 + 6 * i)) for i in range(MULES // 2)]


def land(warehouse: Warehouse, moved: list, listed_at: list) -> None:
    for code in CODES:
        bookings = [_booking(code, n, t) for n, t in enumerate(moved) if code in (t[0][:3], t[1][:3])]
        own = [number(i)[3:] for i in range(ACCOUNTS) if number(i)[:3] == code]
        land_rows(warehouse, code, "transfers", bookings, period=PERIOD)
        land_rows(warehouse, code, "accounts", [account(a) for a in own], period=PERIOD)
        events = [listed(a[3:], at, case_no=f"case-{a}") for a, at in listed_at if a[:3] == code]
        land_rows(warehouse, code, "list_events", events, period=PERIOD)


def _booking(code: str, n: int, transfer: tuple[str, str, datetime, int]) -> dict:
    sender, receiver, at, cents = transfer
    return booking(
        f"{code}-{n}", sender, receiver, at, ref=f"R{n}" if sender[:3] != receiver[:3] else None, cents=cents
    )


def open_room(home: Path) -> ScoringRoom:
    settings = RoomSettings(home=home, code_commit="2" * 40)  # stamped: the checkout's may change during a test
    return ScoringRoom(settings, open_warehouse(settings), LocalObjectStore(settings.objects_dir), portal())


def portal() -> MemoryPortal:
    made = MemoryPortal()
    for code in CODES:
        made.gates[code] = m.ParticipantGate(
            participant=code, name=code, sector="bank", state="active", mou=signed_mou(),
            specification=specification_in_force(), keys=(), known_institutions=(), next_sequence={},
            room_recipient_kid="k", room_recipient="r", room_signing_kid="s", room_signing_key="p",
        )  # fmt: skip
        made.report_upload(_upload(code))
    return made


def _upload(code: str) -> UploadReport:
    return UploadReport(
        submission_id=code.ljust(64, "0"), participant=code, dataset=Dataset.TRANSFERS, sequence=1,
        specification_version=1, period_first=PERIOD[0], period_last=PERIOD[1], state=UploadState.ACCEPTED,
        reason=None, sentence=None, rows=1, bytes=1, decided_at=START,
        quality=(RuleResult(rule="not_null", column=None, severity="fail", passed=True, failed_rows=0),),
    )  # fmt: skip


def build_moneyflow(room: ScoringRoom) -> None:
    room.warehouse.ensure_tables()
    land(room.warehouse, transfers(1), listings())
    run_dbt(room, "run", moneyflow.SELECTION)

"""A small clean room with three institutions: real stores, keys and warehouse on a folder; the portal in memory.

Each institution has a handful of rows that pass every rule, in a format of its own, and can be changed before sealing.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.contracts.messages import AuditEvent
from cleanroom.contracts.specification import load_specification
from cleanroom.pipeline import intake, keys, pins, sealing
from cleanroom.pipeline.room import Room
from cleanroom.pipeline.steps import StepResult
from cleanroom.settings import ParticipantSettings, RoomSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.warehouse import open_warehouse
from tests.fakes.portal import MemoryPortal

PERIOD = {"from": "2025-04-01", "to": "2025-04-30"}
FORMS = {
    "808": {"format": "parquet", "encoding": None, "calendar": "gregorian", "timezone": "Asia/Taipei"},
    "822": {"format": "csv", "encoding": "utf-8", "calendar": "gregorian", "timezone": "Asia/Taipei"},
    "700": {"format": "csv", "encoding": "cp950", "calendar": "roc", "timezone": "Asia/Taipei"},
}
ACCOUNTS = {"808": ("808000000001", "808000000002"), "822": ("822000000001", "822000000002"), "700": ("700000000001",)}
HOLDERS = ("A123456789", "B123456780", "F131104093")
TRANSFERS = [
    # number, sender, receiver, day, clock, amount
    (1, ("808", 0), ("822", 0), 2, "09:00:00", "1000.00"),
    (2, ("822", 0), ("700", 0), 2, "09:05:00", "900.5"),
    (3, ("700", 0), ("808", 1), 3, "10:00:00", "800"),
    (4, ("808", 0), ("808", 1), 4, "11:30:00", "25.25"),
    (5, ("822", 1), ("822", 0), 5, "23:59:59", "1.00"),
]
HEADERS = {str(name): contract.column_names for name, contract in load_specification().datasets.items()}


def transfer_rows(code: str) -> list[list[str]]:
    return [
        [
            f"{code}-{number:06d}",
            f"C{number:08d}" if sender[0] != receiver[0] else "",
            moment(code, day, clock),
            sender[0],
            ACCOUNTS[sender[0]][sender[1]],
            receiver[0],
            ACCOUNTS[receiver[0]][receiver[1]],
            amount,
            "online",
            "false",
            "false",
        ]
        for number, sender, receiver, day, clock, amount in TRANSFERS
        if code in (sender[0], receiver[0])
    ]


def account_rows(code: str) -> list[list[str]]:
    opened = "109/01/02" if FORMS[code]["calendar"] == "roc" else "2020-01-02"
    return [
        [account, "national_id", holder, opened, "personal", "active"]
        for account, holder in zip(ACCOUNTS[code], HOLDERS, strict=False)
    ]


def list_rows(code: str) -> list[list[str]]:
    if code != "822":
        return []
    time = moment(code, 6, "08:00:00")
    return [
        ["account", ACCOUNTS[code][0], "watch_listed", "listed", time, "police", "fraud", "case-1", "1000", "1", ""]
    ]


def moment(code: str, day: int, clock: str) -> str:
    if FORMS[code]["calendar"] == "roc":
        return f"114/04/{day:02d} {clock}"
    return f"2025-04-{day:02d}T{clock}+08:00"


@dataclass
class ClearData:
    """The folder of one institution; change `rows` or `form`, then `write()`."""

    code: str
    folder: Path
    rows: dict[str, list[list[str]]] = field(default_factory=dict)
    form: dict = field(default_factory=dict)
    declaration: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        makers = {"transfers": transfer_rows, "accounts": account_rows, "list_events": list_rows}
        self.rows = {name: make(self.code) for name, make in makers.items()}
        self.form = dict(FORMS[self.code])

    def write(self, *, encoding: str | None = None) -> Path:
        """`encoding` overrides the declared one: how undeclared bytes come about."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob(f"*.{self.form['format']}"):
            path.unlink()  # of a dataset that `rows` has no more
        for name, rows in self.rows.items():
            self._write(name, rows, encoding or self.form["encoding"])
        about = {
            "institution": self.code,
            "sector": "bank",
            "specification_version": 1,
            "period": PERIOD,
            "files": dict.fromkeys(self.rows, self.form),
            **self.declaration,
        }
        (self.folder / "institution.json").write_text(json.dumps(about), encoding="utf-8")
        return self.folder

    def _write(self, name: str, rows: list[list[str]], encoding: str | None) -> None:
        header = HEADERS[name]
        if self.form["format"] == "parquet":
            columns = {c: pa.array([r[i] or None for r in rows], pa.string()) for i, c in enumerate(header)}
            pq.write_table(pa.table(columns), self.folder / f"{name}.parquet")
            return
        text = "\n".join(",".join(row) for row in [header, *rows]) + "\n"
        (self.folder / f"{name}.csv").write_bytes(text.encode(encoding))


@dataclass
class CleanRoom:
    home: Path
    portal: MemoryPortal = field(default_factory=MemoryPortal)

    def __post_init__(self) -> None:
        self.settings = RoomSettings(home=self.home)
        self.objects = LocalObjectStore(self.settings.objects_dir)
        self.ring = keys.init_room_keys(self.settings.keys, demo=True)
        self.data = {code: ClearData(code, self.home / "institutions" / code / "data") for code in FORMS}

    @classmethod
    def make(cls, home: Path, *, portal: MemoryPortal | None = None) -> "CleanRoom":
        """Keys shared, agreements signed, folders written; nothing sealed yet."""
        room = cls(home, portal or MemoryPortal())
        founder, *others = FORMS
        keys.init_participant_keys(room.participant(founder).keys, institution=founder, demo=True)
        for code in others:
            room.share_key(founder, code)
        for code in FORMS:
            room.portal.invite(keys.open_participant_keys(room.participant(code)), room.ring)
            room.data[code].write()
        pins.pin(room.settings, keys.canary_card(room.participant(founder).keys), ring=room.ring)
        return room

    def share_key(self, founder: str, code: str) -> None:
        target = self.participant(code).keys
        ring = keys.prepare_participant_keys(target, institution=code, demo=True)
        share = self.home / f"{code}.share"
        share.write_bytes(keys.export_k1(self.participant(founder).keys, ring.recipient))
        keys.init_participant_keys(target, institution=code, demo=True, k1_from=share)
        share.unlink()

    def participant(self, code: str) -> ParticipantSettings:
        own = self.home / "institutions" / code
        return ParticipantSettings(institution=code, home=own, data_dir=own / "data")

    def ring_of(self, code: str):
        return keys.open_participant_keys(self.participant(code))

    def seal(self, code: str) -> StepResult:
        return sealing.seal_and_upload(self.participant(code), portal=self.portal, objects=self.objects)

    def take_in(self, code: str) -> StepResult:
        with self.opened() as room:
            return intake.take_in(room, participant=code)

    @contextmanager
    def opened(self, settings: RoomSettings | None = None) -> Iterator[Room]:
        settings = settings or self.settings
        warehouse = open_warehouse(settings)
        try:
            yield Room(
                settings=settings,
                objects=self.objects,
                warehouse=warehouse,
                portal=self.portal,
                keys=keys.open_room_keys(settings),
            )
        finally:
            warehouse.close()

    def landed(self) -> dict[str, int]:
        """Rows of every landing and routing table, and of the ledger."""
        from cleanroom.stores.warehouse import base_tables

        with self.opened() as room:
            room.warehouse.ensure_tables()
            return {
                name: room.warehouse.query(f"select count(*) as n from {name}")["n"][0].as_py()
                for name in base_tables()
            }

    def names(self, prefix: str) -> list[str]:
        return [info.name for info in self.objects.list(prefix)]

    def room_events(self) -> list[AuditEvent]:
        return list(AuditFile(self.settings.audit_file).events())

    def own_events(self, code: str) -> list[AuditEvent]:
        return list(AuditFile(self.participant(code).audit_file).events())

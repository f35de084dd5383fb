"""What the line asks of its stores. Every engine passes the same contract tests (tests/spec/stores)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from cleanroom.contracts import governance as g
from cleanroom.contracts import messages as m
from cleanroom.contracts.checkpoints import AuditLog, CheckpointStanding, Cosignature, LogHashes, SignedCheckpoint


@dataclass(frozen=True)
class ObjectInfo:
    name: str
    size: int
    crc32c: str | None
    generation: str


class ObjectStore(Protocol):
    """Write-once objects. Names use `/`; no name may leave the store."""

    def put_file(self, name: str, path: Path, *, progress: Callable[[int], None] | None = None) -> ObjectInfo:
        """Write only where nothing is (generation match 0). Same content again: no-op. Other content: Refusal
        NotAllowed. StoreFault on failure of the store. An upload that was interrupted goes on where it ended, also
        in another process. `progress` is told how many bytes of the file are there."""

    def put_bytes(self, name: str, data: bytes) -> ObjectInfo: ...

    def get_bytes(self, name: str, *, cap_bytes: int) -> bytes:
        """TooLarge over the cap; StoreFault when it does not exist or cannot be read."""

    def download(self, name: str, path: Path, *, cap_bytes: int) -> ObjectInfo:
        """To a temporary name, checksum verified, then renamed."""

    def exists(self, name: str) -> bool: ...

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """In order of name."""

    def destroy(self, name: str) -> None:
        """Remove a submission's key for ever (crypto-shredding). Only names under `keys/`; NotAllowed for others.
        Destroying what is not there is a no-op."""


@dataclass(frozen=True)
class DbtTarget:
    """How dbt reaches this warehouse: the target in `dbt_project/profiles.yml` and the variables it reads."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Incoming:
    """Some of a submission's rows, of `incoming_schema`: the warehouse adds whose they are."""

    rows: pa.Table
    handles: pa.Table | None = None


Statement = tuple[str, list[Any]]
"""SQL and its parameters."""

Ask = Callable[..., pa.Table]
"""`ask(sql, parameters)`: like `query`, and `incoming.rows` are the rows that are about to land."""


class Warehouse(Protocol):
    """SQL in BigQuery's and DuckDB's common subset; table names as `schema.table`."""

    engine: str  # "duckdb" or "bigquery"

    def ensure_tables(self) -> None:
        """Create landing and routing tables where missing, from cleanroom.contracts.tables."""

    def land(
        self,
        *,
        submission: Mapping[str, Any],
        dataset: str,
        batches: Iterable[Incoming],
        judge: Callable[[Ask], Mapping[str, Any]] | None = None,
    ) -> bool:
        """Rows, handles and the ledger row commit together. False where the submission had landed before.

        `submission`: the ledger row. `judge` is called when every batch is in: what it answers goes into the ledger
        row. Whatever `batches` or `judge` raise rolls everything back. The rows of `submission["supersedes"]` go in
        the same transaction, and its ledger row says so. Raises SequenceReplayed, NotAllowed, WarehouseFault.
        """

    def withdraw(self, submission_id: str, *, at: datetime) -> bool:
        """Rows and handles go, the ledger row stays and says so. False where it is not there, or not accepted."""

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Read. `{schema.table}`-style names are not interpolated: write `schema.table`, the engine qualifies it."""

    def replace_rows(self, table: str, rows: pa.Table, *, where: str | None = None) -> int:
        """Atomically delete `where` (all rows without it) and insert; creates the table from `rows.schema`."""

    def table_exists(self, table: str) -> bool: ...

    def columns_ending(self, suffix: str) -> list[tuple[str, str]]:
        """Table (`schema.table`) and column of every column of every table whose name ends so, in order. Views are
        none: what they show is stored elsewhere."""

    def transact(self, statements: Sequence[Statement], *, given: Mapping[str, pa.Table] | None = None) -> None:
        """All statements commit together, or none. `given.<name>` in a statement is the given table of that name."""

    def bytes_scanned(self, since: datetime) -> int | None:
        """Bytes that the engine read for this room's queries since then, by its own records; None where it keeps
        none."""

    def released(self) -> AbstractContextManager[None]:
        """While it lasts another opener (dbt) may have the warehouse; afterwards this one opens again by itself."""

    def dbt_target(self) -> DbtTarget: ...

    def close(self) -> None: ...


class Portal(Protocol):
    """The portal's API as the locked room and the participants use it. Faults raise PortalFault; a 4xx problem is
    raised again as the Refusal whose reason it names."""

    def gate(self, participant: str) -> m.ParticipantGate: ...
    def participants(self) -> list[m.ParticipantGate]: ...
    def report_upload(self, report: m.UploadReport) -> None: ...
    def uploads(self, participant: str | None = None) -> list[m.UploadReport]: ...
    def orders(self, participant: str) -> list[m.SubmissionOrder]:
        """Approved and not yet carried out. The room's report of the submission's new state ends an order."""

    def report_station(self, run: m.StationRun) -> None: ...
    def publish_result(self, result: m.ResultPublication) -> None: ...
    def draft_release(self, draft: g.ReleaseDraft) -> g.ReleaseRecord: ...
    def submit_release(self, release_id: str) -> g.ReleaseRecord: ...
    def withdraw_release(self, release_id: str, reason: str) -> g.ReleaseRecord:
        """Take back a draft that nobody has decided on yet; it is retired. Raises NotAllowed once it was submitted."""
        ...

    def release(self, release_id: str) -> g.ReleaseRecord: ...
    def releases(self) -> list[g.ReleaseRecord]:
        """All of them, the oldest first."""

    def current_release(self, use_case: str) -> g.ReleaseRecord | None: ...
    def sign_off(self, release_id: str, request: g.SignOffRequest) -> g.ReleaseRecord: ...
    def request_waiver(self, release_id: str, request: g.WaiverRequest) -> g.ReleaseRecord: ...
    def approve_waiver(self, release_id: str, control_id: str) -> g.ReleaseRecord: ...
    def publish_release(self, release_id: str) -> g.ReleaseRecord: ...
    def suspend_release(self, release_id: str, reason: str) -> g.ReleaseRecord: ...
    def packs(self, release_id: str) -> list[g.PackStanding]:
        """Evidence packs of the release, oldest first."""

    def keep_pack(self, release_id: str, raw: bytes) -> g.PackStanding:
        """Refused where the stand-alone verifier refuses it under the room's registered key."""

    def incidents(self) -> list[g.IncidentStanding]: ...
    def sending_stop(self) -> g.SendingStop | None:
        """The emergency stop that stands; None where none does."""

    def stop_sending(self, reason: str) -> g.SendingStop: ...
    def lift_stop(self) -> None: ...
    def send_warnings(self, warnings: list[m.WarningMessage]) -> int: ...
    def warnings(self) -> list[m.WarningStanding]: ...
    def row_exports(self, since: datetime | None) -> g.RowExports:
        """Warnings that people took away as rows from this time on; ever, where None."""

    def answer(self, answer: m.AnswerMessage) -> None: ...
    def record_event(self, event: m.AuditEvent) -> None: ...
    def log_hashes(self, *, after: int) -> LogHashes:
        """Hashes of the portal's own log after this event; one page of them."""

    def report_checkpoint(self, signed: SignedCheckpoint) -> None:
        """Show it to everyone. The same again is a no-op; another of the same size raises AuditBroken."""

    def checkpoints(self, log: AuditLog) -> list[CheckpointStanding]:
        """What the portal shows to everyone, newest first; the latest ones."""

    def cosign(self, cosignature: Cosignature) -> None:
        """NotFound where the portal was not shown the checkpoint; AuditBroken where it was shown another."""

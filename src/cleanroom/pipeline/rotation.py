"""Rotation of the room's second-hash key, K2: a new epoch in the ring, and every token of the warehouse brought to it.

The ring comes first, the warehouse second, in one transaction that also records the epoch. Between the two they
disagree, and the intake refuses to work; the same command again finishes. Which tokens are equal never changes, so
the graph is the same before and after.
"""

from datetime import UTC, datetime

import pyarrow as pa

from cleanroom.contracts.messages import AuditEvent
from cleanroom.crypto import ceremonies
from cleanroom.crypto.epochs import wrap
from cleanroom.errors import KeyRefused
from cleanroom.pipeline import epochs
from cleanroom.pipeline.auditing import record
from cleanroom.pipeline.custody import custodian_of
from cleanroom.pipeline.intake.lock import only_one
from cleanroom.pipeline.keys import open_room_keys
from cleanroom.pipeline.room import Room
from cleanroom.pipeline.steps import StepResult
from cleanroom.stores import retokening
from cleanroom.stores.audit_file import AuditFile

VERB = "keys.k2_rotated"


def rotate_k2(room: Room, *, to: int) -> StepResult:
    """Bring ring and warehouse to epoch `to`, the next one. Where both are there already nothing happens. `rows` of
    the result: tokens that got their new name.

    Raises KeyRefused where `to` is not the next epoch; WarehouseFault, after which the same call goes on.
    """
    with only_one(room.settings):
        room.warehouse.ensure_tables()
        kept = epochs.epoch_of(room.warehouse)
        if to not in (kept, kept + 1):
            raise KeyRefused(
                f"the warehouse is at epoch {kept}; only epoch {kept + 1} can follow",
                zh=f"資料倉儲為第 {kept} 期；其後僅能為第 {kept + 1} 期",
                rule="epoch",
            )
        ceremonies.add_epoch(room.settings.keys, to, custodian=custodian_of(room.settings))
        renamed = _retoken(room, to) if to != kept else 0
        _record_event(room, to)
    return StepResult(rows=renamed, detail={"epoch": to})


def _retoken(room: Room, to: int) -> int:
    epoch = open_room_keys(room.settings).epochs[-1]
    if epoch.number != to:
        raise KeyRefused(
            f"the key ring is at epoch {epoch.number} already", zh=f"金鑰環已為第 {epoch.number} 期", rule="epoch"
        )
    epochs.ensure_epochs(room.warehouse)
    before = retokening.tokens_in(room.warehouse)
    after = pa.array(wrap(epoch, before.to_pylist()), pa.string())
    renamed = pa.table([before, after], schema=retokening.RENAMED)
    retokening.rename(room.warehouse, renamed, also=[epochs.recording()], given={"epochs": epochs.row_of(to)})
    return renamed.num_rows


def _record_event(room: Room, epoch: int) -> None:
    """Once, however often the step was killed."""
    log, subject = AuditFile(room.settings.audit_file), f"epoch:{epoch}"
    if log.last(subject, verb=VERB) is None:
        event = AuditEvent(at=datetime.now(UTC), actor="room:custodian", verb=VERB, subject=subject, detail={})
        record(event, log=log, portal=room.portal)

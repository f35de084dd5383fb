"""Checkpoints and cosignatures as they lie in the object store, read and checked."""

import re
from collections.abc import Iterator

from cleanroom.contracts.checkpoints import (
    CAP_BYTES,
    ROOM,
    AuditLog,
    Cosignature,
    SignedCheckpoint,
    checkpoint_folder,
    checkpoint_name,
    read_document,
)
from cleanroom.errors import AuditBroken, CleanroomError, Fault, Where
from cleanroom.stores.ports import ObjectStore
from cleanroom.vocabulary.both import Both

_NAME = re.compile(r"([0-9]{12})\.json")


def sizes(objects: ObjectStore, log: AuditLog, *, by: str = ROOM) -> list[int]:
    """Of every checkpoint that the room published, or that a participant cosigned; ascending."""
    folder = f"{checkpoint_folder(log, by)}/"
    names = (_NAME.fullmatch(info.name.removeprefix(folder)) for info in objects.list(folder))
    return [int(name[1]) for name in names if name]


def checkpoint(objects: ObjectStore, log: AuditLog, size: int) -> SignedCheckpoint:
    """Raises AuditBroken for an object that is no checkpoint of this log and size; StoreFault where there is none."""
    return _read(SignedCheckpoint, objects, log, size, ROOM)


def cosignature(objects: ObjectStore, log: AuditLog, size: int, *, by: str) -> Cosignature:
    found = _read(Cosignature, objects, log, size, by)
    if found.participant != by:
        raise _unreadable(checkpoint_name(log, size, by))
    return found


def cosignatures(objects: ObjectStore, log: AuditLog, *, by: str) -> Iterator[Cosignature]:
    for size in sizes(objects, log, by=by):
        yield cosignature(objects, log, size, by=by)


def _read(kind: type, objects: ObjectStore, log: AuditLog, size: int, by: str):
    name = checkpoint_name(log, size, by)
    try:
        raw = objects.get_bytes(name, cap_bytes=CAP_BYTES)
        document = read_document(kind, raw, what=Both("the checkpoint", "檢查點"))
    except Fault:
        raise
    except CleanroomError:
        raise _unreadable(name) from None
    if (document.checkpoint.log, document.checkpoint.size) != (log, size):
        raise _unreadable(name)
    return document


def _unreadable(name: str) -> AuditBroken:
    return AuditBroken(
        "this object is not the checkpoint that its name says; keep it and call the auditor",
        zh="此物件非其名稱所指之檢查點；請予保留並通知稽核人員",
        where=Where(file=name),
        rule="audit_checkpoint",
    )

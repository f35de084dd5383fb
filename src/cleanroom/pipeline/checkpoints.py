"""The room vouches for both logs: its own, and the portal's, of which it is the first witness.

A checkpoint is made at the end of every step in the room and, while a step takes long, every 1,000 events or 60
seconds. What was signed once binds: before the room signs more, the log must still hold the last event that it
signed, and the published tree must still give the root that it signed. Order, so that a kill at any point heals: tiles,
the room's own copy, the object, the portal.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from cleanroom.contracts.audit_chain import AuditPlace, parse_line, walk
from cleanroom.contracts.canonical import CHECKPOINT_DOMAIN
from cleanroom.contracts.checkpoints import (
    CAP_BYTES,
    AuditLog,
    Checkpoint,
    SignedCheckpoint,
    checkpoint_folder,
    checkpoint_name,
    leaf_of,
    read_document,
)
from cleanroom.contracts.merkle import Frontier
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.crypto.signing import verify
from cleanroom.errors import AuditBroken, CleanroomError, Fault, PortalFault, Where
from cleanroom.pipeline.keys import open_room_keys
from cleanroom.pipeline.room import Room
from cleanroom.settings import RoomSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.kept_checkpoints import KeptCheckpoints
from cleanroom.stores.objects import open_object_store
from cleanroom.stores.portal_http import HttpPortal
from cleanroom.stores.ports import ObjectStore, Portal
from cleanroom.stores.tiles import Tiles
from cleanroom.vocabulary.both import Both

EVERY_EVENTS = 1000
EVERY_SECONDS = 60.0


@dataclass(frozen=True)
class Notary:
    """What of the room a checkpoint needs: no warehouse, whose file another step may hold."""

    settings: RoomSettings
    objects: ObjectStore
    portal: Portal
    keys: RoomKeyRing


Signing = Room | Notary


def open_notary(settings: RoomSettings) -> Notary:
    return Notary(
        settings=settings,
        objects=open_object_store(settings.object_store, settings.objects_dir, ca_file=settings.ca_file),
        portal=HttpPortal.of(settings),
        keys=open_room_keys(settings),
    )


def kept(room: Signing, log: AuditLog) -> KeptCheckpoints:
    return KeptCheckpoints(room.settings.room_dir / "checkpoints", log)


def publish(room: Signing) -> dict[AuditLog, int]:
    """Make and publish checkpoints of what both logs grew by. Returns how many events each now vouches for.

    Raises AuditBroken where a log, the published tree or the portal contradicts what was signed before.
    """
    return {log: _publish_log(room, log) for log in AuditLog}


@contextmanager
def published_after(room: Signing, *, needs_portal: bool = True) -> Iterator[None]:
    """Around one step in the room: what it did or refused is vouched for when it ends.

    A refusal of the step is not hidden by a store or portal that does not answer just now, nor is a step that
    can do without the portal undone by it: the next step publishes.
    """
    try:
        yield
    except CleanroomError:
        with suppress(Fault):
            publish(room)
        raise
    with nullcontext() if needs_portal else suppress(PortalFault):
        publish(room)


def publish_if_due(room: Signing) -> bool:
    """For long steps, after each event of theirs."""
    last = kept(room, AuditLog.ROOM).last()
    events = AuditFile(room.settings.audit_file).head().sequence - (last.checkpoint.size if last else 0)
    waited = (datetime.now(UTC) - last.checkpoint.at).total_seconds() if last else 0.0
    due = events >= EVERY_EVENTS or (events > 0 and waited >= EVERY_SECONDS)
    if due:
        publish(room)
    return due


def _publish_log(room: Signing, log: AuditLog) -> int:
    own = kept(room, log)
    with own.locked():
        last = own.last() or _adopted(room, own, log)
        size = last.checkpoint.size if last else 0
        tiles = Tiles(room.objects, log, size)
        frontier = _frontier(tiles, last)
        leaves = [leaf_of(event_hash) for event_hash in _fresh(room, log, last, tiles)]
        if leaves:
            tiles.extend(leaves)
            for leaf in leaves:
                frontier.append(leaf)
            last = _signed(room, log, frontier)
            own.append(last)
    if last is None:
        return 0
    _announce(room, last)
    return last.checkpoint.size


def _adopted(room: Signing, own: KeptCheckpoints, log: AuditLog) -> SignedCheckpoint | None:
    """A room whose disk was lost is bound by what it published: its newest checkpoint, if it is the room's indeed."""
    names = [i.name for i in room.objects.list(f"{checkpoint_folder(log)}/") if i.name.endswith(".json")]
    if not names:
        return None
    raw = room.objects.get_bytes(names[-1], cap_bytes=CAP_BYTES)
    newest = read_document(SignedCheckpoint, raw, what=Both("the checkpoint", "檢查點"))
    verify(room.keys.signing_public_key, CHECKPOINT_DOMAIN, newest.covered(), newest.signature)
    own.append(newest)
    return newest


def _frontier(tiles: Tiles, last: SignedCheckpoint | None) -> Frontier:
    if last is None:
        return Frontier()
    frontier = Frontier.of(tiles, last.checkpoint.size)
    if frontier.root().hex() != last.checkpoint.root:
        raise AuditBroken(
            f"the published tree does not give the root of the checkpoint over {last.checkpoint.size} events that this "
            "room signed; keep the objects under checkpoints/ and call the auditor",
            zh=f"本無塵室簽署之檢查點涵蓋 {last.checkpoint.size} 筆事件，而已發布之雜湊樹無法得出其根雜湊；"
            "請保留 checkpoints/ 下之物件並通知稽核人員",
            where=Where(file=checkpoint_folder(last.checkpoint.log)),
            rule="audit_tiles",
        )
    return frontier


def _fresh(room: Signing, log: AuditLog, last: SignedCheckpoint | None, tiles: Tiles) -> Iterator[str]:
    """Hashes of the events after the last checkpoint; its own last event must stand where it stood."""
    size = last.checkpoint.size if last else 0
    hashes = _room_hashes(room, size) if log is AuditLog.ROOM else _portal_hashes(room, size)
    if last is not None:
        signed = next(hashes, None)
        if signed is None:
            raise _contradicts(last, _CUT)
        if leaf_of(signed) != tiles(0, size - 1):
            raise _contradicts(last, _REWRITTEN)
    yield from hashes


def _room_hashes(room: Signing, size: int) -> Iterator[str]:
    """From event `size` on (from the first for 0), each checked to follow from the one before."""
    log = AuditFile(room.settings.audit_file)
    lines = log.lines_from(max(size, 1))
    if size and lines:
        line = parse_line(lines[0])
        before = AuditPlace(size - 1, line.prev if line else "")
        yield from (place.hash for place in walk(lines, name=log.path.name, before=before))
        return
    yield from (place.hash for place in walk(lines, name=log.path.name))


def _portal_hashes(room: Signing, size: int) -> Iterator[str]:
    after = max(size - 1, 0)
    while True:
        page = room.portal.log_hashes(after=after)
        yield from page.hashes
        after += len(page.hashes)
        if not page.hashes or after >= page.size:
            return


_CUT = Both("the log ends before that event; its tail was cut", "紀錄止於該事件之前，末段遭截去")
_REWRITTEN = Both("another event stands there now; the log was rewritten", "該處現為另一事件，紀錄遭改寫")


def _contradicts(last: SignedCheckpoint, what: Both) -> AuditBroken:
    checkpoint = last.checkpoint
    return AuditBroken(
        f"the checkpoint of {checkpoint.at.isoformat()} covers event {checkpoint.size}, and {what.en}; keep everything "
        "as it is and call the auditor",
        zh=f"{checkpoint.at.isoformat()} 之檢查點涵蓋第 {checkpoint.size} 筆事件，而{what.zh_hant}；"
        "請保持原狀並通知稽核人員",
        where=Where(file=str(checkpoint.log), row=checkpoint.size),
        rule="audit_checkpoint",
    )


def _signed(room: Signing, log: AuditLog, frontier: Frontier) -> SignedCheckpoint:
    now = datetime.now(UTC).replace(microsecond=0)
    checkpoint = Checkpoint(log=log, size=frontier.size, root=frontier.root().hex(), at=now)
    signature = room.keys.sign(CHECKPOINT_DOMAIN, checkpoint.covered())
    return SignedCheckpoint(checkpoint=checkpoint, signing_kid=room.keys.signing_kid, signature=signature)


def _announce(room: Signing, signed: SignedCheckpoint) -> None:
    """To the store and the portal, also what a killed run signed and could not show."""
    name = checkpoint_name(signed.checkpoint.log, signed.checkpoint.size)
    if not room.objects.exists(name):
        room.objects.put_bytes(name, signed.to_bytes())
    room.portal.report_checkpoint(signed)

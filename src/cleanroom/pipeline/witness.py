"""A participant's witness: it has seen every checkpoint, and will notice when the past becomes another.

Each run reads the checkpoints that are new in the object store and the one that the portal shows, checks the room's
signature, checks by a consistency proof that each continues the one seen last, cosigns the newest, and remembers it.
Nothing here trusts the room or the portal: both may lie, but not to two witnesses differently, nor twice to one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cleanroom.contracts import merkle
from cleanroom.contracts.canonical import COSIGNATURE_DOMAIN
from cleanroom.contracts.checkpoints import AuditLog, Cosignature, SignedCheckpoint, checkpoint_name
from cleanroom.crypto.signing import check_public_key, verify
from cleanroom.errors import AuditBroken, NotFound, SignatureRefused, Where
from cleanroom.pipeline.keys import open_participant_keys
from cleanroom.settings import ParticipantSettings
from cleanroom.stores import published
from cleanroom.stores.ports import ObjectStore, Portal
from cleanroom.stores.tiles import Tiles
from cleanroom.stores.witness_state import WitnessState
from cleanroom.vocabulary.both import Both

_NO_ROOT = Both("the published tree does not give the root of the checkpoint", "已發布之雜湊樹無法得出檢查點之根雜湊")
_FORKED = Both(
    "it does not continue the checkpoint that was seen; the log was forked", "未接續先前所見之檢查點；紀錄出現分岔"
)
_PORTAL_ALONE = Both(
    "the portal shows a checkpoint that is not in the object store", "入口網站所示檢查點不在物件儲存中"
)
_PORTAL_OTHER = Both("the portal shows a checkpoint of another history", "入口網站所示檢查點屬另一份紀錄")
_OTHER_ROOT = Both(
    "it has another root than the one of the same size that was seen", "其根雜湊與先前所見同一筆數者不同"
)
_PORTAL_SAW_OTHER = Both("the portal was shown another checkpoint of this size", "入口網站曾收到同一筆數之另一檢查點")


class Signer(Protocol):
    """A participant's key ring, as far as a witness needs it."""

    signing_kid: str

    def sign(self, domain: bytes, payload: bytes) -> str: ...


@dataclass(frozen=True)
class Witness:
    """`portal` is None for a witness that knows the object store alone."""

    participant: str
    ring: Signer
    objects: ObjectStore
    state: WitnessState
    portal: Portal | None = None

    def look(self) -> dict[AuditLog, int]:
        """Witness what is new in both logs. Returns the size of each that this witness has now seen; 0 for none yet.

        Raises AuditBroken for a fork, a rollback or a tree that does not fit: what was shown is kept beside the
        state. Raises SignatureRefused for a checkpoint that the room did not sign; StoreFault, PortalFault.
        """
        with self.state.locked():
            return {log: self._look_at(log) for log in AuditLog}

    def _look_at(self, log: AuditLog) -> int:
        at_portal = self.portal.checkpoints(log) if self.portal else []  # first: the store is told before the portal
        seen = self.state.seen(log)
        sizes = published.sizes(self.objects, log)
        if seen:
            self._check_still_there(seen, sizes)
        for size in _new(sizes, seen):
            seen = self._follow(published.checkpoint(self.objects, log, size), seen)
        for standing in at_portal[:1]:
            self._check_continued(standing.signed, seen)
        if seen is None:
            return 0
        self._cosign(seen)
        self.state.remember(seen)
        return seen.checkpoint.size

    def _check_still_there(self, seen: SignedCheckpoint, sizes: list[int]) -> None:
        size = seen.checkpoint.size
        if size not in sizes:
            newest = Both("there is none now", "目前並無檢查點")
            if sizes:
                newest = Both(f"the newest now covers {sizes[-1]}", f"目前最新者涵蓋 {sizes[-1]} 筆")
            gone = Both(
                f"the checkpoint over {size} events that was seen is gone, {newest.en}",
                f"先前所見涵蓋 {size} 筆事件之檢查點已不存在，{newest.zh_hant}",
            )
            raise self._alarm(seen, None, gone)
        self._compare(seen, published.checkpoint(self.objects, seen.checkpoint.log, size))

    def _follow(self, shown: SignedCheckpoint, seen: SignedCheckpoint | None) -> SignedCheckpoint:
        """The checkpoint shown, once it is known to be the room's and to continue the one seen."""
        self._check_signed(shown)
        tiles = Tiles(self.objects, shown.checkpoint.log, shown.checkpoint.size)
        if seen is None:
            if merkle.root_of(tiles, shown.checkpoint.size).hex() != shown.checkpoint.root:
                raise self._alarm(None, shown, _NO_ROOT)
        elif not _continues(seen, shown, tiles):
            raise self._alarm(seen, shown, _FORKED)
        return shown

    def _check_continued(self, shown: SignedCheckpoint, seen: SignedCheckpoint | None) -> None:
        """What the portal shows to everyone must be of the same history as what lies in the store."""
        self._check_signed(shown)
        if seen is None or shown.checkpoint.size > seen.checkpoint.size:
            raise self._alarm(seen, shown, _PORTAL_ALONE)
        tiles = Tiles(self.objects, seen.checkpoint.log, seen.checkpoint.size)
        if not _continues(shown, seen, tiles):
            raise self._alarm(seen, shown, _PORTAL_OTHER)

    def _compare(self, seen: SignedCheckpoint, shown: SignedCheckpoint) -> None:
        if shown.checkpoint.root != seen.checkpoint.root:
            raise self._alarm(seen, shown, _OTHER_ROOT)

    def _check_signed(self, shown: SignedCheckpoint) -> None:
        check_signed(shown, self.state.room_keys())

    def _cosign(self, seen: SignedCheckpoint) -> None:
        """Once for each checkpoint, in the store and at the portal; a killed run's cosignature is used again."""
        checkpoint = seen.checkpoint
        name = checkpoint_name(checkpoint.log, checkpoint.size, self.participant)
        if self.objects.exists(name):
            own = published.cosignature(self.objects, checkpoint.log, checkpoint.size, by=self.participant)
        else:
            own = self._cosignature(seen)
            self.objects.put_bytes(name, own.to_bytes())
        if self.portal:
            try:
                self.portal.cosign(own)
            except NotFound:
                return  # the room could not show it there yet; the next look offers it again
            except AuditBroken:
                raise self._alarm(seen, None, _PORTAL_SAW_OTHER) from None

    def _cosignature(self, seen: SignedCheckpoint) -> Cosignature:
        unsigned = Cosignature(
            checkpoint=seen.checkpoint,
            participant=self.participant,
            at=datetime.now(UTC).replace(microsecond=0),
            signing_kid=self.ring.signing_kid,
            signature="",
        )
        return unsigned.model_copy(update={"signature": self.ring.sign(COSIGNATURE_DOMAIN, unsigned.covered())})

    def _alarm(self, seen: SignedCheckpoint | None, shown: SignedCheckpoint | None, what: Both) -> AuditBroken:
        evidence = self.state.keep_evidence(seen=seen, shown=shown, why=what.en)
        one = shown or seen
        return AuditBroken(
            f"{what.en}; keep {evidence} and {self.state.path.name}, change nothing, and show both to the other "
            "participants and the auditor",
            zh=f"{what.zh_hant}；請保留 {evidence} 與 {self.state.path.name}，勿作任何變更，"
            "並出示予其他參與機構及稽核人員",
            where=Where(file=str(one.checkpoint.log), row=one.checkpoint.size),
            rule="audit_witness",
        )


def pin_room_key(state: WitnessState, public_key: str) -> None:
    """Tell a witness the room's signing key: Ed25519, base64url. Raises KeyRefused for what is no honest key."""
    check_public_key(public_key)
    state.pin_room_key(public_key)


def witness_of(
    settings: ParticipantSettings,
    *,
    objects: ObjectStore,
    portal: Portal | None,
    room_key: str | None = None,
    state: Path | None = None,
) -> Witness:
    """The institution's own witness. Without `room_key` the portal says which key the room has; without either the
    keys that were pinned before are the only ones."""
    own = WitnessState(state or settings.home / "witness.json")
    if room_key is None and portal is not None:
        room_key = portal.gate(settings.institution).room_signing_key
    if room_key:
        pin_room_key(own, room_key)
    return Witness(settings.institution, open_participant_keys(settings), objects, own, portal)


def check_signed(shown: SignedCheckpoint, room_keys: list[str]) -> None:
    """Raises SignatureRefused unless one of the room's keys (Ed25519, base64url) signed the checkpoint."""
    if not any_verifies(room_keys, lambda key: verify(key, shown.domain, shown.covered(), shown.signature)):
        raise SignatureRefused(
            f"the checkpoint over {shown.checkpoint.size} events is not signed by the clean room's registered key; ask "
            "its key custodian whether the key was exchanged",
            zh=f"涵蓋 {shown.checkpoint.size} 筆事件之檢查點，非以無塵室登錄之金鑰簽署；"
            "請向其金鑰保管人確認金鑰是否更換",
            where=Where(file=str(shown.checkpoint.log)),
            rule="checkpoint_signature",
        )


def any_verifies(keys: list[str], check: Callable[[str], None]) -> bool:
    for key in keys:
        try:
            check(key)
        except SignatureRefused:
            continue
        return True
    return False


def _new(sizes: list[int], seen: SignedCheckpoint | None) -> list[int]:
    """A witness that has seen nothing begins with the newest: there is nothing that older ones could contradict."""
    return [size for size in sizes if size > seen.checkpoint.size] if seen else sizes[-1:]


def _continues(first: SignedCheckpoint, later: SignedCheckpoint, tiles: Tiles) -> bool:
    """Whether the later tree begins with the first. The tiles prove it or do not: they need not be believed."""
    one, other = first.checkpoint, later.checkpoint
    return merkle.is_consistent(
        first=one.size,
        first_root=bytes.fromhex(one.root),
        size=other.size,
        root=bytes.fromhex(other.root),
        path=merkle.consistency_proof(tiles, one.size, other.size),
    )

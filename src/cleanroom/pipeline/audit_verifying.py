"""Verify a whole log as an outsider: its chain, every checkpoint that the room signed, every cosignature.

The chain shows what was edited, deleted, put in or put in another order by hand. Whoever rewrites the chain from some
event to the end, or cuts its tail, is shown by a checkpoint; and whoever signs another checkpoint, by a cosignature.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cleanroom.contracts.audit_chain import START, AuditPlace, walk
from cleanroom.contracts.checkpoints import CHECKPOINTS, ROOM, AuditLog, Checkpoint, Cosignature, leaf_of
from cleanroom.contracts.merkle import Frontier, root_of
from cleanroom.crypto.signing import verify as verify_signature
from cleanroom.errors import AuditBroken, NotFound, SignatureRefused, Where
from cleanroom.pipeline.witness import any_verifies, check_signed
from cleanroom.stores import published
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.ports import ObjectStore
from cleanroom.stores.tiles import Tiles
from cleanroom.vocabulary.both import Both


@dataclass(frozen=True)
class Verified:
    """`head`: the last event. `checkpoints`: how many agree with the log; `covered`: events below the newest of them.
    `cosigned`: participant -> events that its newest cosignature covers. `unchecked`: participants whose
    cosignatures could not be checked, as their keys are not known here."""

    head: AuditPlace
    checkpoints: int = 0
    covered: int = 0
    cosigned: Mapping[str, int] = field(default_factory=dict)
    unchecked: tuple[str, ...] = ()


def verify(
    path: Path,
    *,
    log: AuditLog = AuditLog.ROOM,
    objects: ObjectStore | None = None,
    room_keys: list[str] | None = None,
    participant_keys: Mapping[str, list[str]] | None = None,
) -> Verified:
    """Raises AuditBroken naming the first bad event; NotFound where there is no log.

    Without `objects` the chain alone is verified. `room_keys` and `participant_keys` (code -> every key that was ever
    registered) are Ed25519, base64url.
    """
    if not path.exists():
        raise NotFound("there is no audit log here", zh="此處無稽核紀錄", where=Where(file=str(path)))
    if objects is None:
        return Verified(head=AuditFile(path).verify())
    signed = _signed_checkpoints(objects, log, room_keys or [])
    head = _walk(path, objects, log, signed)
    cosigned, unchecked = _cosigned(objects, log, signed, participant_keys or {})
    return Verified(head, len(signed), max(signed, default=0), cosigned, unchecked)


def _signed_checkpoints(objects: ObjectStore, log: AuditLog, room_keys: list[str]) -> dict[int, Checkpoint]:
    found = {}
    for size in published.sizes(objects, log):
        signed = published.checkpoint(objects, log, size)
        check_signed(signed, room_keys)
        found[size] = signed.checkpoint
    return found


def _walk(path: Path, objects: ObjectStore, log: AuditLog, signed: Mapping[int, Checkpoint]) -> AuditPlace:
    """One pass: chain and tree grow together, and at every checkpoint's size the root must be the one signed."""
    frontier, good, place = Frontier(), 0, START
    for place in walk(AuditFile(path).lines(), name=path.name):
        frontier.append(leaf_of(place.hash))
        checkpoint = signed.get(place.sequence)
        if checkpoint is None:
            continue
        if frontier.root().hex() != checkpoint.root:
            raise _rewritten(path, objects, log, checkpoint, good)
        good = checkpoint.size
    cut = min((size for size in signed if size > place.sequence), default=None)
    if cut is not None:
        said = Both(
            f"the log ends after event {place.sequence}, and the checkpoint of {signed[cut].at.isoformat()} covers "
            f"{cut} events; its tail was cut, or the file was taken before then",
            f"紀錄止於第 {place.sequence} 筆事件，而 {signed[cut].at.isoformat()} 之檢查點涵蓋 {cut} 筆；"
            "其末段遭截去，或檔案係於此前取得",
        )
        raise _broken(path, place.sequence + 1, said)
    return place


def _rewritten(path: Path, objects: ObjectStore, log: AuditLog, checkpoint: Checkpoint, good: int) -> AuditBroken:
    """Name the first event that differs from the published tree, where that is the tree that was signed."""
    at, size = checkpoint.at.isoformat(), checkpoint.size
    of, of_zh = f"the checkpoint of {at} over {size} events", f"{at} 之檢查點（{size} 筆事件）"
    tiles = Tiles(objects, log, size)
    if root_of(tiles, size).hex() != checkpoint.root:
        said = Both(
            f"one of the events {good + 1} to {size} is not what {of} covers",
            f"第 {good + 1} 至 {size} 筆事件中，有與{of_zh}所涵蓋者不同者",
        )
        return _broken(path, good + 1, said)
    for place in walk(AuditFile(path).lines(), name=path.name):
        if place.sequence > good and leaf_of(place.hash) != tiles(0, place.sequence - 1):
            break
    said = Both(
        f"event {place.sequence} was rewritten, it is not what {of} covers",
        f"第 {place.sequence} 筆事件遭改寫，與{of_zh}所涵蓋者不同",
    )
    return _broken(path, place.sequence, said)


def _cosigned(
    objects: ObjectStore, log: AuditLog, signed: Mapping[int, Checkpoint], keys: Mapping[str, list[str]]
) -> tuple[dict[str, int], tuple[str, ...]]:
    cosigned, unchecked = {}, []
    for participant in _witnesses(objects):
        for cosignature in published.cosignatures(objects, log, by=participant):
            checkpoint = cosignature.checkpoint
            if participant not in keys:
                unchecked.append(participant)
                break
            _check_cosignature(cosignature, keys[participant])
            if signed.get(checkpoint.size) != checkpoint:
                raise AuditBroken(
                    f"participant {participant} was shown another checkpoint over {checkpoint.size} events than lies "
                    "in the store; keep both and call the auditor",
                    zh=f"參與機構 {participant} 所見之檢查點（{checkpoint.size} 筆事件）與儲存者不同；"
                    "請保留兩者並通知稽核人員",
                    where=Where(file=str(log), row=checkpoint.size),
                    rule="audit_witness",
                )
            cosigned[participant] = checkpoint.size
    return cosigned, tuple(unchecked)


def _witnesses(objects: ObjectStore) -> list[str]:
    """Participants that have ever cosigned a checkpoint."""
    codes = {info.name.split("/")[1] for info in objects.list(f"{CHECKPOINTS}/") if info.name.endswith(".json")}
    return sorted(codes - {ROOM})


def _check_cosignature(cosignature: Cosignature, keys: list[str]) -> None:
    payload = cosignature.covered()
    if not any_verifies(keys, lambda key: verify_signature(key, cosignature.domain, payload, cosignature.signature)):
        raise SignatureRefused(
            f"a cosignature of participant {cosignature.participant} does not verify under any key registered for it",
            zh=f"參與機構 {cosignature.participant} 之會簽無法以其登錄之任何金鑰驗證",
            where=Where(file=str(cosignature.checkpoint.log), row=cosignature.checkpoint.size),
            rule="cosignature",
        )


def _broken(path: Path, row: int, what: Both) -> AuditBroken:
    return AuditBroken(
        f"{what.en}; keep the file and the objects under checkpoints/ as they are and call the auditor",
        zh=f"{what.zh_hant}；請保持檔案及 checkpoints/ 下之物件原狀，並通知稽核人員",
        where=Where(file=path.name, row=row),
        rule="audit_checkpoint",
    )

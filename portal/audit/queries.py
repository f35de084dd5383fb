"""Reads: checkpoints and their witnesses, hashes of the log, and the proof of one event."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from cleanroom.contracts import checkpoints as contract
from cleanroom.contracts import merkle
from cleanroom.contracts.checkpoints import AuditLog, leaf_of
from cleanroom.errors import NotFound
from portal.audit.actions.checkpoints import CONTRADICTED
from portal.audit.models import Checkpoint, Cosignature, Event
from portal.common.said import said

LATEST = 10
HASHES = 10_000
UNWITNESSED = timedelta(days=1)


@dataclass(frozen=True)
class LogStanding:
    """`unwitnessed_since`: when the oldest checkpoint came that no participant's witness has covered yet, where that
    is more than a day ago."""

    log: AuditLog
    checkpoints: tuple[Checkpoint, ...]
    unwitnessed_since: datetime | None


def standing_of(log: AuditLog, *, now: datetime | None = None) -> LogStanding:
    now = now or timezone.now()
    rows = Checkpoint.objects.filter(log=log)
    latest = rows.prefetch_related("cosignatures__participant", "cosignatures__checkpoint")[:LATEST]
    covered = Cosignature.objects.filter(checkpoint__log=log).aggregate(Max("checkpoint__size"))[
        "checkpoint__size__max"
    ]
    waiting = rows.filter(size__gt=covered or 0).order_by("size").values_list("received_at", flat=True).first()
    late = waiting if waiting is not None and now - waiting > UNWITNESSED else None
    return LogStanding(log, tuple(latest), late)


def contradictions() -> int:
    """How often room, portal and witnesses were found to tell different stories."""
    return Event.objects.filter(verb=CONTRADICTED).count()


def shown(log: AuditLog) -> list[contract.CheckpointStanding]:
    return [
        contract.CheckpointStanding(signed=row.signed(), cosignatures=tuple(c.stated() for c in row.cosignatures.all()))
        for row in standing_of(log).checkpoints
    ]


def hashes_after(number: int) -> contract.LogHashes:
    rows = Event.objects.filter(sequence__gt=number).order_by("sequence").values_list("digest", flat=True)[:HASHES]
    last = Event.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    return contract.LogHashes(size=last or 0, after=number, hashes=tuple(rows))


def proof_of(number: int) -> contract.InclusionProof:
    """That the event with this number stands in the log, under its newest checkpoint. Reads the hash of every event:
    about 2 s for a million. Raises NotFound where no checkpoint covers it."""
    newest = Checkpoint.objects.filter(log=AuditLog.PORTAL).first()
    if newest is None or not 1 <= number <= newest.size:
        raise NotFound(**said("no checkpoint covers this event yet; ask again after the room's next step"))
    rows = Event.objects.filter(sequence__lte=newest.size).order_by("sequence").values_list("digest", flat=True)
    digests = list(rows.iterator(chunk_size=10_000))
    tree = merkle.GrownTree(leaf_of(digest) for digest in digests)
    path = merkle.inclusion_proof(tree, number - 1, newest.size)
    return contract.InclusionProof(
        checkpoint=newest.signed(), sequence=number, hash=digests[number - 1], path=tuple(step.hex() for step in path)
    )

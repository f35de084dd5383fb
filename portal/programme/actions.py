"""Writers of the plan."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from portal.audit.actions import record
from portal.programme.models import EvidenceKind, Milestone

if TYPE_CHECKING:
    from portal.accounts.models import User


def close_on_evidence(kind: EvidenceKind | str, subject: str, *, by: "User") -> int:
    """Close the open milestones that wait for this kind of evidence; how many were closed. Again: none, no event.

    `by` brought the evidence (signed, ratified, released ...); the right to do that was checked there.
    """
    with transaction.atomic():
        open_ones = Milestone.objects.select_for_update().filter(evidence_kind=EvidenceKind(kind), done_at=None)
        closed = 0
        for milestone in open_ones:
            milestone.done_at, milestone.done_by, milestone.evidence = timezone.now(), by, subject
            milestone.save(update_fields=["done_at", "done_by", "evidence"])
            record(by=by, verb="milestone.closed", subject=f"milestone:{milestone.key}", detail={"evidence": subject})
            closed += 1
        return closed

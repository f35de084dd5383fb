"""Writers of the plan."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed, NotFound, RequestInvalid
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.programme.models import EvidenceKind, Milestone, Phase
from portal.programme.plans import PlannedPhase, month_end, month_start

if TYPE_CHECKING:
    from portal.accounts.models import User


def adopt_plan(*, by: "User", phases: Sequence[PlannedPhase], starts_on: date) -> int:
    """Write the plan of an empty programme; how many milestones. Where a plan stands, nothing changes: 0."""
    check_may(by, Permission.PLAN_PROGRAMME)
    with transaction.atomic():
        if Phase.objects.exists():
            return 0
        count = sum(_adopt(phase, place, starts_on) for place, phase in enumerate(phases))
        detail = {"phases": len(phases), "milestones": count, "starts_on": starts_on.isoformat()}
        record(by=by, verb="programme.planned", subject="programme", detail=detail)
        return count


def _adopt(planned: PlannedPhase, position: int, starts_on: date) -> int:
    first, last = planned.months
    phase = Phase.objects.create(
        key=planned.key, position=position, name=planned.name, name_zh=planned.name_zh,
        starts_on=month_start(starts_on, first), ends_on=month_end(starts_on, last),
    )  # fmt: skip
    for place, milestone in enumerate(planned.milestones, 1):
        Milestone.objects.create(
            phase=phase, position=place, key=milestone.key, name=milestone.name, name_zh=milestone.name_zh,
            due_on=month_end(starts_on, milestone.month), evidence_kind=milestone.evidence,
        )  # fmt: skip
    return len(planned.milestones)


def close_on_evidence(kind: EvidenceKind | str, subject: str, *, by: "User") -> int:
    """Close the open milestones that wait for this kind of evidence; how many were closed. Again: none, no event.

    `by` brought the evidence (signed, ratified, released ...); the right to do that was checked there.
    """
    with transaction.atomic():
        waiting = Milestone.objects.select_for_update().filter(evidence_kind=EvidenceKind(kind), done_at=None)
        return sum(_close(milestone, subject, by) for milestone in waiting)


def close_by_hand(*, by: "User", milestone: str, evidence: str) -> Milestone:
    """Note that a milestone without evidence in this system is reached, and by what. Again: nothing changes."""
    check_may(by, Permission.PLAN_PROGRAMME)
    if len(evidence.strip()) < 5:
        raise RequestInvalid(**said("say what shows that the milestone is reached"))
    with transaction.atomic():
        found = Milestone.objects.select_for_update().filter(key=milestone).first()
        if found is None:
            raise NotFound(**said("the plan has no such milestone"))
        if found.evidence_kind != EvidenceKind.BY_HAND:
            raise NotAllowed(**said("this milestone closes by itself when its evidence arrives"))
        if found.done_at is None:
            _close(found, evidence.strip()[:200], by)
        return found


def _close(milestone: Milestone, evidence: str, by: "User") -> int:
    milestone.done_at, milestone.done_by, milestone.evidence = timezone.now(), by, evidence
    milestone.save(update_fields=["done_at", "done_by", "evidence"])
    record(by=by, verb="milestone.closed", subject=f"milestone:{milestone.key}", detail={"evidence": evidence})
    return 1

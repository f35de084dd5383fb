"""Reads of orders: what the room has to carry out, and what a person may decide."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from cleanroom.contracts import messages as m
from cleanroom.errors import NotFound
from portal.accounts.permissions import Answer, Permission, may, within_reach
from portal.common.said import said
from portal.uploads.models import Submission, SubmissionOrder
from portal.uploads.orders import RULES, Kind

if TYPE_CHECKING:
    from portal.accounts.models import User


def approved_orders(person: "User", participant: str | None) -> list[m.SubmissionOrder]:
    """The oldest approval first."""
    rows = visible_orders(person).approved().order_by("approved_at", "pk")
    if participant:
        rows = rows.filter(participant__code=participant)
    return [_message(row) for row in rows]


def visible_orders(person: "User") -> QuerySet[SubmissionOrder]:
    """Orders on the submissions that this person may read. NotAllowed where none."""
    codes = within_reach(person, Permission.READ_UPLOADS)
    rows = SubmissionOrder.objects.select_related(
        "participant", "submission", "submission__participant", "ordered_by", "approved_by", "ended_by"
    )
    return rows if codes is None else rows.filter(participant__code__in=codes)


def order_for(person: "User", order_id: str) -> SubmissionOrder:
    """NotFound also where another institution's."""
    found = visible_orders(person).filter(order_id=order_id).first()
    if found is None:
        raise NotFound(**said("there is no such order"))
    return found


def open_to(person: "User", submission: Submission) -> list[tuple[Kind, Answer]]:
    """The kinds of order that the submission's state allows now, and whether this person may give them."""
    if submission.orders.live().exists():
        return []
    code = submission.participant.code
    return [
        (kind, may(person, rule.order, institution=code))
        for kind, rule in RULES.items()
        if submission.state == rule.only_on
    ]


def _message(row: SubmissionOrder) -> m.SubmissionOrder:
    return m.SubmissionOrder(
        order_id=row.order_id,
        kind=row.kind,
        submission_id=row.submission.submission_id,
        participant=row.participant.code,
        dataset=row.submission.dataset,
        sequence=row.submission.sequence,
        reason=row.reason,
        ordered_by=row.ordered_by.username,
        approved_by=row.approved_by.username,
        approved_at=row.approved_at,
    )

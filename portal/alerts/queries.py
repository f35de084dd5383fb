"""Reads of warnings: inboxes, the pull path, and how delivery does."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from cleanroom.contracts.messages import AnswerMessage, WarningStanding
from cleanroom.errors import NotFound
from portal.accounts.permissions import Permission, check_may, within_reach
from portal.alerts.models import WarningRecord
from portal.participants.models import Participant

if TYPE_CHECKING:
    from portal.accounts.models import User


def visible_to(person: "User") -> QuerySet[WarningRecord]:
    """Warnings that this person may read. NotAllowed where none."""
    codes = within_reach(person, Permission.READ_WARNINGS)
    rows = WarningRecord.objects.select_related("participant")
    return rows if codes is None else rows.filter(participant__code__in=codes)


def warning_for(person: "User", warning_id: str) -> WarningRecord:
    """NotFound also where it is another institution's."""
    found = visible_to(person).filter(warning_id=warning_id).first()
    if found is None:
        raise NotFound("there is no such warning")
    return found


def own_or_named(person: "User", code: str | None) -> Participant:
    """The institution whose warnings are asked for: the named one, else the asker's own."""
    found = Participant.objects.filter(code=code).first() if code else person.institution
    if found is None:
        raise NotFound("name the institution whose warnings you want")
    return found


def standings(person: "User") -> list[WarningStanding]:
    """Every warning with its delivery and its answers, in the order in which they were let in."""
    check_may(person, Permission.READ_WARNING_STANDINGS)
    rows = WarningRecord.objects.select_related("participant").prefetch_related("answers").order_by("pk")
    return [_standing(row) for row in rows]


def _standing(row: WarningRecord) -> WarningStanding:
    return WarningStanding(
        warning_id=row.warning_id,
        participant=row.participant.code,
        kind=row.kind,
        severity=row.severity,
        composed_at=row.composed_at,
        delivered_at=row.delivered_at,
        attempts=row.attempts_in_all,
        answers=tuple(_answers(row.answers.all())),
    )


def _answers(rows: Iterable) -> Iterable[AnswerMessage]:
    return (AnswerMessage.model_validate(row.message) for row in rows)

"""Reads of warnings: inboxes, the pull path, and how delivery does."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db.models import Case, Count, Min, QuerySet, When

from cleanroom.contracts.governance import RowExports
from cleanroom.contracts.messages import AnswerMessage, WarningStanding
from cleanroom.errors import NotFound
from cleanroom.vocabulary.terms import Severity
from portal.accounts.permissions import Permission, within_reach
from portal.alerts import caps
from portal.alerts.actions.export import EXPORTED
from portal.alerts.endpoints import participants_with_endpoint
from portal.alerts.models import CapRelease, EmergencyStop, WarningRecord
from portal.alerts.states import Delivery
from portal.audit.models import Event
from portal.common.said import said
from portal.participants.models import Endpoint, Participant

if TYPE_CHECKING:
    from portal.accounts.models import User


def visible_to(person: "User") -> QuerySet[WarningRecord]:
    """Warnings that this person may read. NotAllowed where none."""
    codes = within_reach(person, Permission.READ_WARNINGS)
    rows = WarningRecord.objects.select_related("participant")
    return rows if codes is None else rows.filter(participant__code__in=codes)


def most_pressing_first(rows: QuerySet[WarningRecord]) -> QuerySet[WarningRecord]:
    """Unanswered before answered, critical before normal, then the larger sum."""
    return rows.order_by(
        Case(When(standing="", then=0), default=1),
        Case(When(severity=Severity.CRITICAL, then=0), default=1),
        "-amount_bound_cents",
        "pk",
    )


def warning_for(person: "User", warning_id: str) -> WarningRecord:
    """NotFound also where it is another institution's."""
    found = visible_to(person).filter(warning_id=warning_id).first()
    if found is None:
        raise NotFound(**said("there is no such warning"))
    return found


def own_or_named(person: "User", code: str | None) -> Participant:
    """The institution whose warnings are asked for: the named one, else the asker's own."""
    found = Participant.objects.filter(code=code).first() if code else person.institution
    if found is None:
        raise NotFound(**said("name the institution whose warnings you want"))
    return found


def every_warning() -> QuerySet[WarningRecord]:
    """In the order in which they were let in."""
    return WarningRecord.objects.select_related("participant").order_by("pk")


def standings() -> list[WarningStanding]:
    """Every warning with its delivery and its answers."""
    return [_standing(row) for row in every_warning().prefetch_related("answers")]


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


def row_exports(since: datetime | None) -> RowExports:
    """How often people have taken warnings away as rows, from this time on."""
    events = Event.objects.filter(verb=EXPORTED)
    events = events if since is None else events.filter(recorded_at__gte=since)
    return RowExports(taken=events.count(), beyond_own=events.filter(detail__beyond_own=True).count())


def standing_stop() -> EmergencyStop | None:
    return EmergencyStop.objects.select_related("stopped_by").filter(in_force=True).first()


def past_stops() -> QuerySet[EmergencyStop]:
    return EmergencyStop.objects.select_related("stopped_by", "lifted_by").filter(in_force=False)[:10]


def disabled_endpoints() -> QuerySet[Endpoint]:
    """Endpoints that were taken out of use, of institutions that have no other one since."""
    return (
        Endpoint.objects.filter(disabled_at__isnull=False, approved_at__isnull=False)
        .exclude(disabled_reason="")
        .exclude(participant__in=participants_with_endpoint())
        .select_related("participant")
    )


@dataclass(frozen=True)
class CappedDay:
    """An institution's day over the cap: how many wait, and who has agreed to let them go."""

    participant: Participant
    day: date
    waiting: int
    agreed: tuple[str, ...]


def capped_days() -> list[CappedDay]:
    rows = WarningRecord.objects.filter(delivery=Delivery.CAPPED).select_related("participant")
    waiting = Counter((row.participant, caps.day_of(row.accepted_at)) for row in rows)
    return [
        CappedDay(participant, day, count, _agreed(participant, day))
        for (participant, day), count in sorted(waiting.items(), key=lambda item: (item[0][1], item[0][0].code))
    ]


def _agreed(participant: Participant, day: date) -> tuple[str, ...]:
    yes = CapRelease.objects.filter(participant=participant, day=day).select_related("released_by")
    return tuple(str(one.released_by) for one in yes)


def unanswered_of(participant: Participant) -> QuerySet[WarningRecord]:
    """Warnings that reached the institution's inbox and wait for its first answer, the most pressing first."""
    return (
        WarningRecord.objects.filter(participant=participant, standing="")
        .exclude(delivery=Delivery.CAPPED)
        .order_by("severity", "accepted_at")
    )


def dead_letters() -> list[tuple[datetime, int]]:
    """(oldest, how many) of all dead letters; empty where there are none."""
    found = WarningRecord.objects.filter(delivery=Delivery.DEAD).aggregate(oldest=Min("accepted_at"), n=Count("pk"))
    return [(found["oldest"], found["n"])] if found["n"] else []


def start_of(day: date) -> datetime:
    return caps.bounds(day)[0]

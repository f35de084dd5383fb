"""The one writer of the audit log. `checkpoints` beside it keeps what vouches for the log."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone

from cleanroom.contracts import messages
from cleanroom.contracts.audit_chain import GENESIS
from cleanroom.contracts.canonical import digest_of
from cleanroom.errors import RequestInvalid
from portal.audit.chain import digest_of_event
from portal.audit.models import Event
from portal.common.said import said

if TYPE_CHECKING:
    from portal.accounts.models import User

Detail = dict[str, str | int | float | bool | None]
_LOCK = 0x0FCA0D17  # any number, the same in every process: one writer of the chain at a time


def record(*, by: "User", verb: str, subject: str, detail: Detail | None = None) -> Event:
    """Append one event. Call inside the transaction of the change, after it: they commit together or not at all.

    `verb`: noun.past-tense, e.g. `mou.signed`. `subject`: kind:name, e.g. `participant:808`. No identifier, token or
    key goes into `detail`; numbers beyond 2^53 and values that are not plain are refused.
    """
    return _append(by=by, verb=verb, subject=subject, detail=detail or {})


def record_reported(*, by: "User", event: messages.AuditEvent) -> Event:
    """Append an event that a service reports. The same report again gives the event that stands there already."""
    digest = digest_of({"by": by.username, "event": event.model_dump(mode="json")})
    with transaction.atomic():
        _lock_chain()
        if known := Event.objects.filter(report_digest=digest).first():
            return known
        return _append(
            by=by, verb=event.verb, subject=event.subject, detail=event.detail,
            occurred_at=event.at, reported_actor=event.actor, report_digest=digest,
        )  # fmt: skip


def _append(
    *, by: "User", verb: str, subject: str, detail: Detail, occurred_at: datetime | None = None,
    reported_actor: str = "", report_digest: str | None = None,
) -> Event:  # fmt: skip
    if not connection.in_atomic_block:
        raise RuntimeError("an audit event is recorded in the transaction of the change it tells of")
    _check_plain(detail)
    _lock_chain()
    last = Event.objects.order_by("-sequence").only("sequence", "digest").first()
    now = timezone.now()
    event = Event(
        sequence=last.sequence + 1 if last else 1,
        recorded_at=now,
        occurred_at=occurred_at or now,
        actor=by,
        reported_actor=reported_actor,
        verb=verb,
        subject=subject,
        detail=detail,
        report_digest=report_digest,
        previous_digest=last.digest if last else GENESIS,
    )
    event.digest = digest_of_event(event)
    event.save(force_insert=True)
    return event


def _lock_chain() -> None:
    """On PostgreSQL until the transaction ends; on SQLite the immediate transaction is the lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _check_plain(detail: Detail) -> None:
    """Databases give a float beyond 2^53 back as a whole number, and the digest would no longer fit."""
    for name, value in detail.items():
        if isinstance(value, float) and not abs(value) < 2**53:
            raise RequestInvalid(**said("the number under %(name)s is too large for the audit log", name=name))

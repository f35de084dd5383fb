"""Accept warnings from the locked room into the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.messages import WarningMessage
from cleanroom.errors import GateClosed, NotAllowed, UnknownInstitution
from cleanroom.vocabulary.terms import ReleaseState
from portal.accounts.permissions import Permission, check_may
from portal.alerts import caps
from portal.alerts.counter import Cursor
from portal.alerts.models import WarningRecord
from portal.alerts.states import Delivery
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.models import Participant
from portal.signoffs.models import Release

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def send_warnings(messages: Sequence[WarningMessage], *, by: "User") -> int:
    """Put warnings into the outbox; all or none. Returns how many were new: what was accepted before is left alone.

    GateClosed where the release is not in force or an institution holds it; NotAllowed where a warning's id was used
    for another content; UnknownInstitution for an institution that is not an active participant.
    """
    check_may(by, Permission.SEND_WARNINGS)
    cursor = Cursor()
    fresh = _not_yet_known(messages)
    _check_releases(fresh)
    now = timezone.now()
    participants = _participants(fresh)
    rooms = {code: caps.room_left(participant, now=now) for code, participant in participants.items()}
    for message in fresh:
        rooms[message.participant] -= 1
        place = cursor.next() if rooms[message.participant] >= 0 else None
        _row(message, participants[message.participant], by=by, now=now, cursor=place).save()
    cursor.keep()
    if fresh:
        _record(fresh, rooms, by=by)
    return len(fresh)


def _not_yet_known(messages: Sequence[WarningMessage]) -> list[WarningMessage]:
    """The messages without those that stand in the outbox already, and each only once."""
    wanted = {message.warning_id: message for message in reversed(messages)}
    for message in messages:
        _check_same(wanted[message.warning_id].model_dump(mode="json"), message)
    known = WarningRecord.objects.filter(warning_id__in=wanted).values_list("warning_id", "message")
    for warning_id, stored in known:
        _check_same(stored, wanted.pop(warning_id))
    return list(reversed(wanted.values()))


def _check_same(stored: dict, message: WarningMessage) -> None:
    if stored != message.model_dump(mode="json"):
        raise NotAllowed(
            **said("a warning's number was used before for another content; compose the warning under a new one")
        )


def _check_releases(messages: Sequence[WarningMessage]) -> None:
    """The portal's own look at the gate: it sends nothing of a model that is not released, whoever asks."""
    for release_id, participant in {(m.release_id, m.participant) for m in messages}:
        release = Release.objects.filter(release_id=release_id).first()
        if release is None or release.state != ReleaseState.RELEASED:
            raise GateClosed(
                **said(
                    "the model release %(release_id)s is not in force, so no warning of it is sent",
                    release_id=release_id,
                )
            )
        if release.holds.filter(in_force=True, participant__code=participant).exists():
            raise GateClosed(
                **said(
                    "institution %(participant)s holds the release %(release_id)s for its own traffic",
                    participant=participant,
                    release_id=release_id,
                )
            )


def _participants(messages: Sequence[WarningMessage]) -> dict[str, Participant]:
    codes = {message.participant for message in messages}
    found = {p.code: p for p in Participant.objects.filter(code__in=codes, state=Participant.State.ACTIVE)}
    if missing := sorted(codes - found.keys()):
        raise UnknownInstitution(
            **said("not an active participant: %(codes)s; no warning goes there", codes=", ".join(missing))
        )
    return found


def _row(message: WarningMessage, participant: Participant, *, by: "User", now: datetime, cursor: int | None):
    return WarningRecord(
        warning_id=message.warning_id,
        cursor=cursor,
        participant=participant,
        kind=message.kind,
        severity=message.severity,
        release_id=message.release_id,
        reason_codes=list(message.reason_codes),
        amount_bound_cents=message.amount_bound_cents,
        layer=message.layer,
        composed_at=message.composed_at,
        accepted_at=now,
        sent_by=by,
        message=message.model_dump(mode="json"),
        delivery=Delivery.CAPPED if cursor is None else Delivery.QUEUED,
        due_at=now,
    )


def _record(fresh: Sequence[WarningMessage], rooms: dict[str, int], *, by: "User") -> None:
    for code in sorted(rooms):
        count = sum(message.participant == code for message in fresh)
        detail = {"accepted": count, "capped": max(0, min(count, -rooms[code]))}
        record(by=by, verb="warnings.accepted", subject=f"participant:{code}", detail=detail)

"""Take an incident on, tell the participants, close it."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.governance import IncidentClosing, IncidentNotice
from cleanroom.errors import NotAllowed
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.incidents.models import Incident
from portal.incidents.queries import incident_of
from portal.incidents.texts import check_no_identifier

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def acknowledge_incident(incident_id: str, *, by: "User") -> Incident:
    """Say that somebody deals with it. Said again it stays as it is."""
    incident = _locked(incident_id, by)
    if incident.acknowledged_at is None:
        incident.acknowledged_at, incident.acknowledged_by = timezone.now(), by
        _keep(incident, "incident.acknowledged", by)
    return incident


@transaction.atomic
def tell_participants(incident_id: str, notice: IncidentNotice, *, by: "User") -> Incident:
    """From now on every institution's people read this text. The same text again changes nothing; another one is
    refused, because what was told was told."""
    incident = _locked(incident_id, by)
    if incident.told_text == notice.text:
        return incident
    if incident.told_at is not None:
        raise NotAllowed(**said("The participants were told already; report what is new as an incident of its own."))
    check_no_identifier(notice.text)
    incident.told_at, incident.told_by, incident.told_text = timezone.now(), by, notice.text
    _keep(incident, "incident.told", by)
    return incident


@transaction.atomic
def close_incident(incident_id: str, closing: IncidentClosing, *, by: "User") -> Incident:
    """Closed again in the same words it stays as it is. NotAllowed as `check_may_close` says."""
    incident = _locked(incident_id, by)
    if incident.closed_at and (incident.settled, incident.upheld) == (closing.settled, closing.upheld):
        return incident
    check_may_close(incident, by=by)
    if (incident.kind == "complaint") != (closing.upheld is not None):
        raise NotAllowed(**said("Whether it was right is said of a complaint, and of nothing else."))
    check_no_identifier(closing.settled)
    incident.closed_at, incident.closed_by = timezone.now(), by
    incident.settled, incident.upheld = closing.settled, closing.upheld
    _keep(incident, "incident.closed", by)
    return incident


def check_may_close(incident: Incident, *, by: "User") -> None:
    """NotAllowed before it was taken on, before a privacy incident was told, and for who reported it."""
    check_may(by, Permission.HANDLE_INCIDENT)
    if incident.closed_at is not None:
        raise NotAllowed(**said("The incident is closed; report a new one."))
    if incident.acknowledged_at is None:
        raise NotAllowed(**said("Nobody has taken the incident on yet."))
    if incident.kind == "privacy" and incident.told_at is None:
        raise NotAllowed(**said("Tell the participants of a privacy incident before you close it."))
    if incident.reported_by_id == by.pk:
        raise NotAllowed(**said("You reported it; another person must find it settled."))


def _locked(incident_id: str, by: "User") -> Incident:
    check_may(by, Permission.HANDLE_INCIDENT)
    rows = Incident.objects.select_for_update(of=("self",)).select_related("release", "reported_by")
    return incident_of(incident_id, among=rows)


def _keep(incident: Incident, verb: str, by: "User") -> None:
    incident.save()
    detail = {"kind": incident.kind, "grade": incident.grade, "release": incident.release and str(incident.release)}
    record(by=by, verb=verb, subject=f"incident:{incident.incident_id}", detail=detail)

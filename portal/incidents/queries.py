"""Reads of the register: the whole of it, or what an institution's people may see."""

from typing import TYPE_CHECKING

from django.db.models import Case, CharField, Q, Value, When

from cleanroom.contracts.governance import IncidentStanding
from cleanroom.errors import NotFound
from portal.accounts.permissions import Permission, within_reach
from portal.common.said import said
from portal.incidents.models import PREFIX, Incident, IncidentRows

if TYPE_CHECKING:
    from portal.accounts.models import User

_STATE = Case(
    When(closed_at__isnull=False, then=Value("closed")),
    When(acknowledged_at__isnull=False, then=Value("acknowledged")),
    default=Value("reported"),
    output_field=CharField(),
)


def visible_to(person: "User") -> IncidentRows:
    """All of them; for an institution's people what their institution reported and what everybody was told of.
    NotAllowed where neither. `standing` is the state, for filters."""
    codes = within_reach(person, Permission.READ_INCIDENTS)
    rows = Incident.objects.select_related("release", "reported_by", "reported_by__institution").annotate(
        standing=_STATE
    )
    if codes is None:
        return rows
    return rows.filter(Q(reported_by__institution__code__in=codes) | Q(told_at__isnull=False))


def incident_of(incident_id: str, *, among: IncidentRows) -> Incident:
    """NotFound where there is none among these."""
    number = incident_id.removeprefix(PREFIX)
    plain = number.isascii() and number.isdigit() and len(number) <= 12
    found = among.filter(pk=int(number)).first() if plain and incident_id.startswith(PREFIX) else None
    if found is None:
        raise NotFound(**said("there is no incident of this number that you may read"))
    return found


def reads_whole(person: "User", incident: Incident) -> bool:
    """Whether this person reads what happened, and not only what participants were told."""
    codes = within_reach(person, Permission.READ_INCIDENTS)
    return codes is None or incident.reported_by.institution_code in codes


def standings_naming(release_id: str) -> list[IncidentStanding]:
    return [standing_of(i) for i in Incident.objects.naming(release_id).select_related("release")]


def standing_of(incident: Incident) -> IncidentStanding:
    """As the room reads it: no text."""
    return IncidentStanding(
        incident_id=incident.incident_id,
        kind=incident.kind,
        grade=incident.grade,
        release_id=incident.release and incident.release.release_id,
        detected_at=incident.detected_at,
        acknowledged_at=incident.acknowledged_at,
        told_at=incident.told_at,
        closed_at=incident.closed_at,
        upheld=incident.upheld,
    )

"""The register over the API: read by the room's gate, reported to by its services."""

from django.http import HttpRequest
from ninja import Router

from cleanroom.contracts.governance import IncidentClosing, IncidentNotice, IncidentReport, IncidentStanding
from portal.incidents.actions.handle import acknowledge_incident, close_incident, tell_participants
from portal.incidents.actions.report import report_incident
from portal.incidents.queries import standing_of, visible_to

router = Router(tags=["incidents"])


@router.get("/incidents", response=list[IncidentStanding])
def read(request: HttpRequest):
    """Oldest first."""
    return [standing_of(i) for i in visible_to(request.auth).order_by("pk")]


@router.post("/incidents", response=IncidentStanding)
def report(request: HttpRequest, body: IncidentReport):
    return standing_of(report_incident(body, by=request.auth))


@router.post("/incidents/{incident_id}/acknowledge", response=IncidentStanding)
def acknowledge(request: HttpRequest, incident_id: str):
    return standing_of(acknowledge_incident(incident_id, by=request.auth))


@router.post("/incidents/{incident_id}/tell", response=IncidentStanding)
def tell(request: HttpRequest, incident_id: str, body: IncidentNotice):
    return standing_of(tell_participants(incident_id, body, by=request.auth))


@router.post("/incidents/{incident_id}/close", response=IncidentStanding)
def close(request: HttpRequest, incident_id: str, body: IncidentClosing):
    return standing_of(close_incident(incident_id, body, by=request.auth))

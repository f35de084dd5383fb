"""Report an incident; one that the policy names so suspends its release at once."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.governance import IncidentReport
from cleanroom.errors import NotAllowed, RequestInvalid
from cleanroom.governance import suspension
from portal.accounts.permissions import Permission, check_may, may
from portal.audit.actions import record
from portal.common.said import said
from portal.incidents.models import Incident
from portal.incidents.queries import standing_of
from portal.incidents.texts import check_no_identifier
from portal.signoffs.actions.release import suspend_by_rule
from portal.signoffs.models import Release
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import receivers, record_of, release_of

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def report_incident(report: IncidentReport, *, by: "User") -> Incident:
    """Keep the report. The same one again, by the same person, changes nothing.

    NotAllowed where an institution's people report anything but a complaint; RequestInvalid for a time to come or a
    text with an identifier in it; NotFound for an unknown release.
    """
    _check_may_report(report, by)
    digest = digest_of(report.model_dump(mode="json"))
    if known := Incident.objects.filter(reported_by=by, content=digest).first():
        return known
    now = timezone.now()
    if report.detected_at > now:
        raise RequestInvalid(**said("It cannot have been noticed in the future."))
    check_no_identifier(report.summary)
    release = release_of(report.release_id, lock=True) if report.release_id else None
    kept = Incident.objects.create(
        content=digest,
        release=release,
        reported_at=now,
        reported_by=by,
        **report.model_dump(exclude={"release_id"}),
    )
    detail = {"kind": kept.kind, "grade": kept.grade, "release": report.release_id}
    record(by=by, verb="incident.reported", subject=f"incident:{kept.incident_id}", detail=detail)
    if release is not None:
        _suspend_where_due(release, kept, by)
    return kept


def _check_may_report(report: IncidentReport, by: "User") -> None:
    """Else one institution could stop the model for all the others; for its own traffic it has the hold."""
    if may(by, Permission.REPORT_INCIDENT):
        return
    check_may(by, Permission.REPORT_INCIDENT, institution=by.institution_code)
    if report.kind != "complaint":
        raise NotAllowed(
            **said("An institution reports complaints here; for its own traffic its reviewer can hold the release.")
        )


def _suspend_where_due(release: Release, incident: Incident, by: "User") -> None:
    reasons = suspension.why(
        current_policy(),
        record_of(release),
        now=timezone.now(),
        participants=receivers(),
        incidents=[standing_of(incident)],
    )
    if due := [reason for reason in reasons if reason.code == "incident"]:
        suspend_by_rule(release.release_id, reason=suspension.as_text(due), by=by)

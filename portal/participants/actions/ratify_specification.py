"""Publish and ratify versions of the data specification."""

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.specification import load_specification
from cleanroom.errors import NotAllowed, NotFound, SpecificationNotInForce
from portal.accounts.models import User
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.models import Participant, Ratification, SpecificationVersion
from portal.participants.queries import participant_for_change
from portal.programme.actions import close_on_evidence
from portal.programme.models import EvidenceKind


def publish_specification(*, by: User, version: int, digest: str) -> SpecificationVersion:
    """Put a version up for ratification. Its digest must be that of the data contracts which this software holds."""
    check_may(by, Permission.PUBLISH_SPECIFICATION)
    if load_specification(version).digest != digest:
        raise SpecificationNotInForce(**said("the digest is not that of the data contracts of this version"))
    with transaction.atomic():
        known = SpecificationVersion.objects.select_for_update().filter(version=version).first()
        if known and known.digest != digest:
            raise NotAllowed(**said("this version was published with other content; give it a new version"))
        if known:
            return known
        found = SpecificationVersion.objects.create(version=version, digest=digest, published_by=by)
        detail = {"digest": digest}
        record(by=by, verb="specification.published", subject=f"specification:{version}", detail=detail)
        return found


def ratify_specification(*, by: User, version: int) -> Ratification:
    """Ratify for the data steward's own institution; the last one missing puts the version in force."""
    check_may(by, Permission.RATIFY_SPECIFICATION, institution=by.institution_code)
    with transaction.atomic():
        specification = SpecificationVersion.objects.select_for_update().filter(version=version).first()
        if specification is None:
            raise NotFound(**said("there is no specification of this version"))
        participant = participant_for_change(by.institution_code or "")
        if known := specification.ratifications.filter(participant=participant).first():
            return known
        if participant.state != Participant.State.ACTIVE:
            raise NotAllowed(**said("only an active institution ratifies; it becomes active by signing the MoU"))
        ratification = Ratification.objects.create(
            specification=specification, participant=participant, digest=specification.digest, ratified_by=by
        )
        detail = {"participant": participant.code, "digest": specification.digest}
        record(by=by, verb="specification.ratified", subject=f"specification:{version}", detail=detail)
        enter_force_where_complete(by=by)
        specification.refresh_from_db(fields=["in_force_from"])
        return ratification


def enter_force_where_complete(*, by: User) -> None:
    """Put in force each version that every active participant has ratified. Call inside a transaction."""
    active = set(Participant.objects.filter(state=Participant.State.ACTIVE).values_list("pk", flat=True))
    for waiting in SpecificationVersion.objects.select_for_update().filter(in_force_from=None):
        ratified = set(waiting.ratifications.values_list("participant_id", flat=True))
        if active and active <= ratified:
            waiting.in_force_from = timezone.now()
            waiting.save(update_fields=["in_force_from"])
            subject = f"specification:{waiting.version}"
            record(by=by, verb="specification.in_force", subject=subject, detail={"ratified_by": len(active)})
            close_on_evidence(EvidenceKind.SPECIFICATION_RATIFIED, subject, by=by)

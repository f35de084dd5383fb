"""Where warnings go: the approved addresses of the institutions, and the releases whose warnings may go there."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from cleanroom.vocabulary.terms import ReleaseState
from portal.audit.actions import record
from portal.participants.models import Endpoint, Participant
from portal.signoffs.models import Release


def live() -> QuerySet[Endpoint]:
    """Endpoints that two people approved and nothing has disabled, of active participants."""
    return Endpoint.objects.filter(
        approved_at__isnull=False, disabled_at__isnull=True, participant__state=Participant.State.ACTIVE
    )


def participants_with_endpoint() -> QuerySet:
    """Ids of participants that have somewhere to post to; the others pull."""
    return live().values("participant_id")


def urls_of(participants: Iterable[int]) -> dict[int, str]:
    """Participant id -> address. A participant whose endpoint went away since the claim is absent."""
    return dict(live().filter(participant_id__in=list(participants)).values_list("participant_id", "url"))


def suspended_releases() -> QuerySet:
    """Releases whose warnings wait: somebody stopped the model, so what it said is not sent on."""
    return Release.objects.filter(state=ReleaseState.SUSPENDED).values("release_id")


@transaction.atomic
def disable(participant_id: int, *, reason: str, now: datetime, by) -> None:
    """Take the live endpoint out of use, once; people see it in the audit log, on the health page and on Home."""
    endpoint = live().select_for_update(of=("self",)).filter(participant_id=participant_id).first()
    if endpoint is None:
        return
    endpoint.disabled_at, endpoint.disabled_reason = now, reason
    endpoint.save(update_fields=["disabled_at", "disabled_reason"])
    record(by=by, verb="endpoint.disabled", subject=f"participant:{endpoint.participant.code}", detail={"why": reason})

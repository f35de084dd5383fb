"""Endpoints: one person proposes, a second one approves, and a dead one is disabled."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed, NotFound
from portal.accounts.models import User
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.addresses import check_address
from portal.participants.models import Endpoint
from portal.participants.queries import participant_for_change


def propose_endpoint(*, by: User, participant: str, url: str) -> Endpoint:
    """Ask for warnings to be delivered to `url`. The same address again gives the proposal that stands there; a
    proposal of another address is withdrawn, so that the approval can mean only the newest."""
    check_may(by, Permission.PROPOSE_ENDPOINT, institution=participant)
    check_address(url, production=settings.PRODUCTION, allowed_hosts=settings.ENDPOINT_HOSTS)
    with transaction.atomic():
        owner = participant_for_change(participant)
        waiting = owner.endpoints.filter(approved_at=None, disabled_at=None).exclude(url=url)
        waiting.update(disabled_at=timezone.now(), disabled_reason="another address was proposed")
        if known := owner.endpoints.filter(url=url, disabled_at=None).first():
            return known
        endpoint = Endpoint.objects.create(participant=owner, url=url, proposed_by=by)
        record(by=by, verb="endpoint.proposed", subject=f"participant:{participant}", detail={"url": url})
        return endpoint


def approve_endpoint(*, by: User, participant: str) -> Endpoint:
    """Approve what is proposed; the address in use until now is disabled."""
    check_may(by, Permission.APPROVE_ENDPOINT, institution=participant)
    with transaction.atomic():
        owner = participant_for_change(participant)
        live = owner.endpoints.filter(approved_at__isnull=False, disabled_at=None).first()
        proposed = owner.endpoints.select_for_update().filter(approved_at=None, disabled_at=None).first()
        if proposed is None and live:
            return live
        if proposed is None:
            raise NotFound(**said("no address waits for approval"))
        if proposed.proposed_by_id == by.pk:
            raise NotAllowed(**said("the approval must come from a second person"))
        _approve(proposed, live, by)
        return proposed


def _approve(proposed: Endpoint, live: Endpoint | None, by: User) -> None:
    now = timezone.now()
    if live:
        live.disabled_at, live.disabled_reason = now, "replaced"
        live.save(update_fields=["disabled_at", "disabled_reason"])
    proposed.approved_at, proposed.approved_by = now, by
    proposed.save(update_fields=["approved_at", "approved_by"])
    subject = f"participant:{proposed.participant.code}"
    record(by=by, verb="endpoint.approved", subject=subject, detail={"url": proposed.url})


def disable_endpoint(*, by: User, endpoint: Endpoint, reason: str) -> Endpoint:
    """Deliver nothing there any more, e.g. because the receiver answered that it is gone. Again: nothing changes."""
    check_may(by, Permission.DISABLE_ENDPOINT, institution=endpoint.participant.code)
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().select_related("participant").get(pk=endpoint.pk)
        if endpoint.disabled_at is None:
            endpoint.disabled_at, endpoint.disabled_reason = timezone.now(), reason[:200]
            endpoint.save(update_fields=["disabled_at", "disabled_reason"])
            subject = f"participant:{endpoint.participant.code}"
            record(by=by, verb="endpoint.disabled", subject=subject, detail={"reason": reason[:200]})
        return endpoint

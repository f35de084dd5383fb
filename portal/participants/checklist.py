"""Onboarding: what an institution has done and what is missing, read from the facts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.participants.models import Participant, ParticipantKey
from portal.participants.queries import current_mou
from portal.uploads.queries import first_accepted_at


@dataclass(frozen=True)
class Step:
    """`done_at` is empty while the step is open; `who` takes it."""

    label: str | Promise
    who: str | Promise
    done_at: datetime | None


def checklist(participant: Participant) -> list[Step]:
    return list(_steps(participant))


def _steps(participant: Participant) -> Iterator[Step]:
    officer, steward = _("Participant officer"), _("Data steward")
    approver = _("Participant officer or key custodian")
    yield Step(_("Invited"), _("Coordinator"), participant.invited_at)
    yield Step(_("MoU signed"), officer, _mou_signed_at(participant))
    yield Step(_("Signing key approved"), approver, _key_since(participant, ParticipantKey.Purpose.SIGNING))
    yield Step(_("Sealing key approved"), approver, _key_since(participant, ParticipantKey.Purpose.SEALING))
    yield Step(_("Specification ratified"), steward, _ratified_at(participant))
    yield Step(_("Alert address approved"), _("Coordinator"), _endpoint_since(participant))
    yield Step(_("First upload accepted"), _("Upload service"), first_accepted_at(participant.code))


def _mou_signed_at(participant: Participant) -> datetime | None:
    mou = current_mou(participant)
    signature = mou.signatures.filter(participant=participant).first() if mou else None
    return signature.signed_at if signature else None


def _key_since(participant: Participant, purpose: str) -> datetime | None:
    key = participant.keys.active().filter(purpose=purpose).first()
    return key.approved_at if key else None


def _ratified_at(participant: Participant) -> datetime | None:
    last = participant.ratifications.order_by("-specification__version").first()
    return last.ratified_at if last else None


def _endpoint_since(participant: Participant) -> datetime | None:
    live = participant.endpoints.filter(approved_at__isnull=False, disabled_at=None).first()
    return live.approved_at if live else None

"""Publish and sign the memorandum of understanding."""

import hashlib
from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import MouNotInForce, NotAllowed, NotFound, RequestInvalid
from portal.accounts.models import User
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.models import Mou, MouSignature, Participant
from portal.participants.queries import participant_for_change
from portal.programme.actions import close_on_evidence
from portal.programme.models import EvidenceKind

State = Participant.State


def publish_mou(
    *, by: User, version: str, text: str, valid_from: date, expires_on: date, purposes: Sequence[str]
) -> Mou:
    """The same version with the same content again changes nothing; with other content it is refused."""
    check_may(by, Permission.PUBLISH_MOU)
    if not (version.strip() and text.strip() and purposes):
        raise RequestInvalid(**said("a MoU has a version, a text and at least one purpose"))
    if expires_on <= valid_from:
        raise RequestInvalid(**said("the MoU must expire after it becomes valid"))
    wanted = {
        "text": text, "digest": hashlib.sha256(text.encode()).hexdigest(), "purposes": list(purposes),
        "valid_from": valid_from, "expires_on": expires_on,
    }  # fmt: skip
    with transaction.atomic():
        known = Mou.objects.select_for_update().filter(version=version).first()
        if known:
            return _same(known, wanted)
        mou = Mou.objects.create(version=version, published_by=by, **wanted)
        detail = {"digest": mou.digest, "expires_on": expires_on.isoformat()}
        record(by=by, verb="mou.published", subject=f"mou:{version}", detail=detail)
        return mou


def _same(known: Mou, wanted: dict) -> Mou:
    if any(getattr(known, field) != value for field, value in wanted.items()):
        raise NotAllowed(**said("this version of the MoU was published with other content; give it a new version"))
    return known


def sign_mou(*, by: User, version: str) -> MouSignature:
    """Sign for the signer's own institution, which becomes active by it. Again: nothing changes."""
    check_may(by, Permission.SIGN_MOU, institution=by.institution_code)
    with transaction.atomic():
        mou = Mou.objects.select_for_update().filter(version=version).first()
        if mou is None:
            raise NotFound(**said("there is no MoU of this version"))
        participant = participant_for_change(by.institution_code or "")
        if known := mou.signatures.filter(participant=participant).first():
            return known
        _check_may_be_signed(mou, participant)
        signature = MouSignature.objects.create(mou=mou, participant=participant, digest=mou.digest, signed_by=by)
        detail = {"participant": participant.code, "digest": mou.digest}
        record(by=by, verb="mou.signed", subject=f"mou:{version}", detail=detail)
        _activate(participant, by)
        _close_milestone(mou, by)
        return signature


def _check_may_be_signed(mou: Mou, participant: Participant) -> None:
    if mou.expires_on < timezone.localdate():
        raise MouNotInForce(**said("this version of the MoU has expired; ask the coordinator for a new one"))
    if participant.state not in (State.INVITED, State.ACTIVE):
        raise NotAllowed(**said("an institution that is suspended or has left signs nothing"))


def _activate(participant: Participant, by: User) -> None:
    if participant.state == State.INVITED:
        participant.state = State.ACTIVE
        participant.save(update_fields=["state"])
        record(by=by, verb="participant.active", subject=f"participant:{participant.code}")


def _close_milestone(mou: Mou, by: User) -> None:
    """An agreement binds two at least; the milestone is reached when nobody who was invited is missing."""
    expected = set(Participant.objects.exclude(state=State.LEFT).values_list("pk", flat=True))
    signed = set(mou.signatures.values_list("participant_id", flat=True))
    if len(expected) >= 2 and expected <= signed:
        close_on_evidence(EvidenceKind.MOU_SIGNED, f"mou:{mou.version}", by=by)

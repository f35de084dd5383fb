"""Reads of releases: the record as `cleanroom.governance` judges it."""

from datetime import datetime

from django.db.models import F, Min, QuerySet

from cleanroom.contracts.messages import PackStanding, ReleaseDraft, ReleaseRecord, SignOff, Waiver
from cleanroom.errors import NotFound
from cleanroom.governance import waivers
from cleanroom.vocabulary.terms import ReleaseState
from portal.participants.models import Participant
from portal.signoffs.models import EvidencePack, Release, SignOffRecord, WaiverRecord


def release_of(release_id: str, *, lock: bool = False) -> Release:
    """NotFound where there is none. `lock`: until the transaction ends."""
    rows = Release.objects.select_related("developer", "drafted_by")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    found = rows.filter(release_id=release_id).first()
    if found is None:
        raise NotFound("there is no release of this name")
    return found


def current_release(use_case: str) -> Release:
    """The release in force; where none is, the one that was suspended last. NotFound where neither exists."""
    for state in (ReleaseState.RELEASED, ReleaseState.SUSPENDED):
        if found := Release.objects.filter(use_case=use_case, state=state).order_by("-released_at").first():
            return found
    raise NotFound("this use case has no release")


def record_of(release: Release) -> ReleaseRecord:
    """The whole record, as it goes over the API and as the gate reads it."""
    held_by = release.holds.filter(in_force=True).values_list("participant__code", flat=True)
    return ReleaseRecord(
        draft=ReleaseDraft.model_validate(release.draft),
        state=ReleaseState(release.state),
        sign_offs=tuple(_sign_off(s) for s in release.sign_offs.select_related("person", "institution")),
        waivers=tuple(_waiver(w) for w in waivers_of(release).select_related("requested_by", "approved_by")),
        released_at=release.released_at,
        suspended_reason=release.suspended_reason or None,
        held_by=tuple(sorted(held_by)),
    )


def waivers_of(release: Release) -> QuerySet[WaiverRecord]:
    """Waivers of the present content; those of a content that has changed do not count."""
    return release.waivers.filter(subject_digest=release.subject_digest)


def receivers() -> list[str]:
    """Codes of the institutions that receive the output: every active participant."""
    return list(Participant.objects.filter(state=Participant.State.ACTIVE).values_list("code", flat=True))


def first_released_at(use_case: str) -> datetime | None:
    return Release.objects.filter(use_case=use_case).aggregate(first=Min("released_at"))["first"]


def _sign_off(row: SignOffRecord) -> SignOff:
    return SignOff(
        person=row.person.username,
        institution=row.institution.code if row.institution else None,
        role=row.role,
        decision=row.decision,
        subject_digest=row.subject_digest,
        comment=row.comment,
        signed_at=row.signed_at,
    )


def _waiver(row: WaiverRecord) -> Waiver:
    return Waiver(
        control_id=row.control_id,
        reason=row.reason,
        compensating_control=row.compensating_control,
        owner=row.owner,
        requested_by=row.requested_by.username,
        approved_by=row.approved_by.username if row.approved_by else None,
        approved_at=row.approved_at,
        ends_on=row.ends_on,
    )


def in_state(state: str) -> QuerySet[Release]:
    return Release.objects.filter(state=state).select_related("developer")


def waivers_to_approve(person) -> QuerySet[WaiverRecord]:
    """Waivers asked for by others, on the present content of a release that still takes them."""
    return (
        WaiverRecord.objects.filter(approved_at=None, release__state__in=list(waivers.OPEN_STATES))
        .filter(subject_digest=F("release__subject_digest"))
        .exclude(requested_by=person)
        .exclude(developer=person)
        .select_related("release")
    )


def packs_of(release: Release) -> QuerySet[EvidencePack]:
    """Without their files, which are large; oldest first."""
    return release.packs.defer("file").select_related("release")


def pack_standing(pack: EvidencePack) -> PackStanding:
    return PackStanding(
        release_id=pack.release.release_id,
        pack=pack.pack,
        content=pack.content,
        judged_at=pack.judged_at,
        allowed=pack.allowed,
    )

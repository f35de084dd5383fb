"""Reads of releases: the record as `cleanroom.governance` judges it."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Max, Min, Q, QuerySet, prefetch_related_objects

from cleanroom.contracts.governance import PackStanding, ReleaseDraft, ReleaseRecord, SignOff, Waiver
from cleanroom.errors import NotFound
from cleanroom.governance import waivers
from cleanroom.vocabulary.terms import ReleaseState
from portal.common.said import said
from portal.participants.models import Participant
from portal.signoffs.models import EvidencePack, Release, ReleaseHold, SignOffRecord, WaiverRecord

PAGE = 100  # releases of one answer: about 5 MB


def release_of(release_id: str, *, lock: bool = False) -> Release:
    """NotFound where there is none. `lock`: until the transaction ends."""
    rows = Release.objects.select_related("developer", "drafted_by")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    found = rows.filter(release_id=release_id).first()
    if found is None:
        raise NotFound(**said("there is no release of this name"))
    return found


def current_release(use_case: str) -> Release:
    """The release in force; where none is, the one that was suspended last. NotFound where neither exists."""
    for state in (ReleaseState.RELEASED, ReleaseState.SUSPENDED):
        if found := Release.objects.filter(use_case=use_case, state=state).order_by("-released_at").first():
            return found
    raise NotFound(**said("this use case has no release"))


def record_of(release: Release) -> ReleaseRecord:
    """The whole record, as it goes over the API and as the gate reads it; asked for afresh each time."""
    return _record(
        release,
        release.sign_offs.select_related("person", "institution"),
        waivers_of(release).select_related("requested_by", "approved_by"),
        release.holds.filter(in_force=True).select_related("participant"),
    )


def records_of(rows: Iterable[Release]) -> list[ReleaseRecord]:
    """The same of many releases that were just read, in their order and in as many questions as for one."""
    whole = list(rows)
    prefetch_related_objects(
        whole, "sign_offs__person", "sign_offs__institution", "waivers__requested_by", "waivers__approved_by",
        "holds__participant",
    )  # fmt: skip
    return [_record(r, r.sign_offs.all(), _present(r), [h for h in r.holds.all() if h.in_force]) for r in whole]


def _present(release: Release) -> list[WaiverRecord]:
    return [w for w in release.waivers.all() if w.subject_digest == release.subject_digest]


def _record(
    release: Release, sign_offs: Iterable[SignOffRecord], waived: Iterable[WaiverRecord], holds: Iterable[ReleaseHold]
) -> ReleaseRecord:
    return ReleaseRecord(
        draft=ReleaseDraft.model_validate(release.draft),
        state=ReleaseState(release.state),
        sign_offs=tuple(_sign_off(s) for s in sign_offs),
        waivers=tuple(_waiver(w) for w in waived),
        released_at=release.released_at,
        suspended_reason=release.suspended_reason or None,
        held_by=tuple(sorted(hold.participant.code for hold in holds)),
    )


def page_after(release_id: str) -> QuerySet[Release]:
    """The next releases in the order of their drafting, from the first where nothing is named. NotFound for a name that
    no release has."""
    rows = Release.objects.order_by("drafted_at", "pk")
    if release_id:
        last = release_of(release_id)
        rows = rows.filter(Q(drafted_at__gt=last.drafted_at) | Q(drafted_at=last.drafted_at, pk__gt=last.pk))
    return rows[:PAGE]


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


def suspended() -> QuerySet[Release]:
    """The latest first, with `suspended_at`; without the drafts, which are large."""
    at = Max("moves__at", filter=Q(moves__to_state=ReleaseState.SUSPENDED))
    return in_state(ReleaseState.SUSPENDED).defer("draft").annotate(suspended_at=at).order_by("-suspended_at")


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

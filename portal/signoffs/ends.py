"""What ends soon: certificates of releases in force, and the waivers that they rest on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from cleanroom.governance import waivers
from cleanroom.governance.policy import Policy
from cleanroom.vocabulary.terms import ReleaseState
from portal.signoffs.models import Release, WaiverRecord
from portal.signoffs.policy import current_policy

SOON, URGENT = timedelta(days=14), timedelta(days=3)
_LIVE = (ReleaseState.APPROVED, ReleaseState.RELEASED)


@dataclass(frozen=True)
class Ending:
    """`control_id` of a waiver; empty where the certificate itself ends."""

    release: Release
    control_id: str
    ends_at: datetime
    now: datetime

    @property
    def days(self) -> int:
        """Whole days that are left; negative once it has ended."""
        return (self.ends_at - self.now).days

    @property
    def over(self) -> bool:
        return self.ends_at <= self.now

    @property
    def urgent(self) -> bool:
        return self.ends_at - self.now <= URGENT

    @property
    def soon(self) -> bool:
        return self.ends_at - self.now <= SOON

    @property
    def tone(self) -> str:
        return "bad" if self.urgent else "warn" if self.soon else "good"


def ending_soon(*, now: datetime) -> list[Ending]:
    """Within SOON or over already, the first end first."""
    found = [*_certificates(now), *_waivers(now)]
    return sorted((e for e in found if e.soon), key=lambda e: (e.ends_at, e.control_id))


def of_certificate(release: Release, *, now: datetime) -> Ending | None:
    """None where no certificate was written."""
    written = (release.certificate or {}).get("expires_at")
    return Ending(release, "", datetime.fromisoformat(written), now) if written else None


def of_waivers(release: Release, policy: Policy, *, now: datetime) -> dict[str, Ending]:
    """By control: the approved waivers of the present content."""
    rows = release.waivers.filter(subject_digest=release.subject_digest, approved_at__isnull=False)
    return {w.control_id: Ending(release, w.control_id, waivers.ends_at(policy, w.ends_on), now) for w in rows}


def _certificates(now: datetime) -> Iterator[Ending]:
    for release in Release.objects.filter(state=ReleaseState.RELEASED):
        if ending := of_certificate(release, now=now):
            yield ending


def _waivers(now: datetime) -> Iterator[Ending]:
    rows = WaiverRecord.objects.filter(approved_at__isnull=False, release__state__in=_LIVE)
    for w in rows.filter(subject_digest=F("release__subject_digest")).select_related("release"):
        yield Ending(w.release, w.control_id, waivers.ends_at(current_policy(), w.ends_on), now)

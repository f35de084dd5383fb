"""A submission's time and its place among those that landed before: clock, number, period, what it replaces.

Design: data specification, "What a submission is". Each function raises the refusal of its own check.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from cleanroom.contracts.manifest import CLOCK_SKEW_MINUTES, MAX_AGE_DAYS, Manifest
from cleanroom.errors import SequenceReplayed, SequenceSkipped, SubmissionExpired
from cleanroom.vocabulary.terms import Dataset, UploadState

# Rows that happened at a time. The same days twice would count every transfer twice; other datasets state what holds.
EVENTS = frozenset({Dataset.TRANSFERS, Dataset.CONTACTS})


@dataclass(frozen=True)
class Landed:
    """One row of the ledger: a submission of the same participant and dataset."""

    submission_id: str
    sequence: int
    state: UploadState
    first: date
    last: date
    others_accounts: int | None = None
    never_seen_accounts: int | None = None
    profile: str | None = None

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Landed":
        return cls(
            submission_id=row["submission_id"],
            sequence=row["sequence"],
            state=UploadState(row["state"]),
            first=row["period_from"],
            last=row["period_to"],
            others_accounts=row["others_accounts"],
            never_seen_accounts=row["never_seen_accounts"],
            profile=row["profile"],
        )

    @property
    def live(self) -> bool:
        return self.state == UploadState.ACCEPTED


def check_clock(manifest: Manifest, *, now: datetime) -> None:
    """Made lately, and not in the future. What was signed long ago may have been lost, copied, or thought better of."""
    if manifest.created_at > now + timedelta(minutes=CLOCK_SKEW_MINUTES):
        raise SubmissionExpired(
            f"the submission is dated more than {CLOCK_SKEW_MINUTES} minutes ahead; set the clock and seal it again",
            zh=f"上傳件之時間較現在晚逾 {CLOCK_SKEW_MINUTES} 分鐘；請校正時鐘後重新封裝",
            rule="clock_skew",
        )
    if manifest.created_at < now - timedelta(days=MAX_AGE_DAYS):
        raise SubmissionExpired(
            f"the submission was made more than {MAX_AGE_DAYS} days ago; seal the file again",
            zh=f"上傳件產製已逾 {MAX_AGE_DAYS} 日；請重新封裝檔案",
            rule="expired",
        )


def check_sequence(sequence: int, ledger: Iterable[Landed]) -> None:
    """Raises SequenceReplayed (number used with other content), SequenceSkipped (a number before it is missing)."""
    used = {landed.sequence for landed in ledger}
    if sequence in used:
        raise SequenceReplayed(
            f"sequence {sequence} was taken in before with other content",
            zh=f"序號 {sequence} 先前已收件，且內容不同",
            rule="sequence",
        )
    expected = max(used, default=0) + 1
    if sequence < expected:
        raise SequenceReplayed(
            f"sequence {sequence} is past; {expected} is next",
            zh=f"序號 {sequence} 已過；應為 {expected}",
            rule="sequence",
        )
    if sequence > expected:
        raise SequenceSkipped(
            f"sequence {sequence} waits: {expected} has not been taken in",
            zh=f"序號 {sequence} 暫留：序號 {expected} 尚未收件",
            rule="sequence",
        )


def check_supersedes(manifest: Manifest, ledger: Sequence[Landed]) -> None:
    """What it replaces is live, of the same participant and dataset. Raises SequenceReplayed."""
    if manifest.supersedes is None:
        return
    if not any(landed.live and landed.submission_id == manifest.supersedes for landed in ledger):
        raise SequenceReplayed(
            "the submission that this one replaces is not among this dataset's accepted ones, or was replaced already",
            zh="所欲取代之上傳件不在此資料集已收件者之中，或已被取代",
            rule="supersedes",
        )


def check_period(manifest: Manifest, ledger: Sequence[Landed]) -> None:
    """Days of events are told once. Raises SequenceReplayed naming the earlier number, unless just that is replaced."""
    if manifest.dataset not in EVENTS:
        return
    for landed in ledger:
        common = landed.first <= manifest.period.last and manifest.period.first <= landed.last
        if landed.live and common and landed.submission_id != manifest.supersedes:
            raise SequenceReplayed(
                f"sequence {landed.sequence} holds days of this period already ({landed.first} to {landed.last}); "
                "send other days, or replace it",
                zh=f"序號 {landed.sequence} 已含此期間之日期（{landed.first} 至 {landed.last}）；請改送其他日期，"
                "或予以取代",
                rule="period_overlap",
            )

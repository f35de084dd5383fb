"""Keep the room's decision on a submission."""

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from cleanroom.contracts.messages import UploadReport
from cleanroom.errors import NotAllowed, SequenceReplayed, UnknownInstitution
from cleanroom.vocabulary.terms import UploadState
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.models import Participant
from portal.programme.actions import close_on_evidence
from portal.programme.models import EvidenceKind
from portal.uploads.actions.order import check_ordered, end_orders
from portal.uploads.models import Decision, RuleOutcome, Submission
from portal.uploads.names import STATE_NAMES
from portal.uploads.states import NEXT

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def report_upload(report: UploadReport, *, by: "User") -> Submission:
    """Write a decision with its rule results and receipt. The same decision again changes nothing.

    NotAllowed for a decision that may not follow the one that stands; SequenceReplayed where another submission was
    accepted under the same number.
    """
    check_may(by, Permission.REPORT_UPLOAD)
    participant = Participant.objects.filter(code=report.participant).first()
    if participant is None:
        raise UnknownInstitution(**said("the report names an institution that is not a participant"))
    known = Submission.objects.select_for_update().filter(submission_id=report.submission_id).first()
    if known:
        _check_same_submission(known, report, participant)
        if known.state == report.state and known.reason == (report.reason or ""):
            return known
        _check_may_follow(known, report)
        check_ordered(known, UploadState(report.state))
    submission = _write(known or Submission(submission_id=report.submission_id), report, participant)
    _write_outcomes(submission, report)
    _record(submission, report, by=by)
    end_orders(submission, by=by)
    return submission


def _check_same_submission(known: Submission, report: UploadReport, participant: Participant) -> None:
    same = (known.participant_id, known.dataset) == (participant.pk, report.dataset)
    if not same or known.sequence not in (0, report.sequence):
        raise NotAllowed(**said("the report's number belongs to another submission"))


def _check_may_follow(known: Submission, report: UploadReport) -> None:
    if report.state != known.state and report.state not in NEXT[UploadState(known.state)]:
        raise NotAllowed(
            **said(
                "a submission that is %(before)s does not become %(after)s",
                before=STATE_NAMES[known.state],
                after=STATE_NAMES[report.state],
            )
        )


def _write(submission: Submission, report: UploadReport, participant: Participant) -> Submission:
    submission.participant, submission.dataset, submission.sequence = participant, report.dataset, report.sequence
    submission.specification_version = report.specification_version
    submission.period_first, submission.period_last = report.period_first, report.period_last
    submission.state, submission.reason, submission.sentence = report.state, report.reason or "", report.sentence or ""
    submission.rows, submission.bytes = report.rows, report.bytes
    submission.decided_at, submission.report = report.decided_at, report.model_dump(mode="json")
    try:
        with transaction.atomic():
            submission.save()
    except IntegrityError:
        raise SequenceReplayed(**said("another submission was accepted under this sequence number")) from None
    return submission


def _write_outcomes(submission: Submission, report: UploadReport) -> None:
    """The rule results of the latest decision; earlier ones stand in the decisions' history only by their verdict."""
    Decision.objects.create(
        submission=submission,
        state=report.state,
        reason=report.reason or "",
        decided_at=report.decided_at,
        reported_at=timezone.now(),
    )
    submission.rule_outcomes.all().delete()
    RuleOutcome.objects.bulk_create(
        RuleOutcome(
            submission=submission,
            rule=result.rule,
            column=result.column or "",
            severity=result.severity,
            passed=result.passed,
            failed_rows=result.failed_rows,
            row_numbers=list(result.row_numbers),
        )
        for result in report.quality
    )


def _record(submission: Submission, report: UploadReport, *, by: "User") -> None:
    subject = f"upload:{report.submission_id}"
    detail = {
        "participant": report.participant,
        "dataset": str(report.dataset),
        "sequence": report.sequence,
        "rows": report.rows,
        "reason": report.reason,
    }
    record(by=by, verb=f"upload.{report.state}", subject=subject, detail=detail)
    if submission.state == UploadState.ACCEPTED:
        close_on_evidence(EvidenceKind.FIRST_UPLOAD_ACCEPTED, subject, by=by)

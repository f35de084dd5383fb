"""Orders on a submission: one person orders, a second one approves or declines, an open one can be taken back."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed, NotFound, RequestInvalid
from cleanroom.vocabulary.terms import UploadState
from portal.accounts.permissions import check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.uploads.models import Submission, SubmissionOrder
from portal.uploads.names import STATE_NAMES
from portal.uploads.orders import RULES, End, Kind

if TYPE_CHECKING:
    from portal.accounts.models import User

LEAST_REASON = 10


def order(*, by: "User", submission_id: str, kind: Kind, reason: str) -> SubmissionOrder:
    """Ask for a release or a withdrawal. The same order while one is live changes nothing; another kind is refused."""
    rule, reason = RULES[kind], _sentence(reason)
    with transaction.atomic():
        submission = _submission(submission_id)
        check_may(by, rule.order, institution=submission.participant.code)
        if live := submission.orders.live().first():
            return _same(live, kind)
        if submission.state != rule.only_on:
            raise NotAllowed(
                **said(
                    "only a submission that is %(only_on)s can get this order; it is %(state)s",
                    only_on=STATE_NAMES[rule.only_on],
                    state=STATE_NAMES[submission.state],
                )
            )
        made = SubmissionOrder.objects.create(
            kind=kind.value, submission=submission, participant=submission.participant, reason=reason, ordered_by=by
        )
        _record(made, "ordered", by, {"reason": reason})
        return made


def approve_order(*, by: "User", order_id: str) -> SubmissionOrder:
    """From now on the room carries it out. Again: nothing changes. NotAllowed for whoever ordered it, and for the
    submission's own institution where it is a release."""
    with transaction.atomic():
        found = _order_for_change(order_id)
        check_may(by, found.rule.approve, institution=found.participant.code)
        if found.approved_at is None:
            _check_open(found)
            check_second_person(found, by=by)
            found.approved_at, found.approved_by, found.approver_from = timezone.now(), by, by.institution
            found.save(update_fields=["approved_at", "approved_by", "approver_from"])
            _record(found, "approved", by, {"ordered_by": found.ordered_by.username})
        return found


def decline_order(*, by: "User", order_id: str, reason: str) -> SubmissionOrder:
    """The second person says no. Again: nothing changes."""
    reason = _sentence(reason)
    with transaction.atomic():
        found = _order_for_change(order_id)
        check_may(by, found.rule.approve, institution=found.participant.code)
        if found.end != End.DECLINED:
            _check_open(found)
            check_second_person(found, by=by)
            end_order(found, End.DECLINED, by=by, reason=reason)
        return found


def take_back_order(*, by: "User", order_id: str) -> SubmissionOrder:
    """Whoever may order may take the order back, also an approved one: the room may be unable to carry it out. Where
    the room was faster, its report still counts. Again: nothing changes."""
    with transaction.atomic():
        found = _order_for_change(order_id)
        check_may(by, found.rule.order, institution=found.participant.code)
        if found.end != End.TAKEN_BACK:
            _check_live(found)
            end_order(found, End.TAKEN_BACK, by=by)
        return found


def check_second_person(found: SubmissionOrder, *, by: "User") -> None:
    if found.ordered_by_id == by.pk:
        raise NotAllowed(**said("the approval must come from a second person"), rule="two_people")
    if found.kind == Kind.RELEASE and by.institution_id == found.participant_id:
        raise NotAllowed(
            **said("a release is approved by somebody outside the submitting institution"), rule="two_people"
        )


def check_ordered(submission: Submission, to: UploadState) -> None:
    """Raise NotAllowed unless two people ordered what the room says it did: nobody releases or withdraws alone."""
    for rule in RULES.values():
        if (submission.state, to) == (rule.only_on, rule.leads_to):
            kinds = [order.kind for order in submission.orders.known_to_room()]
            if not any(RULES[Kind(kind)] is rule for kind in kinds):
                raise NotAllowed(
                    **said("no approved order lets this submission become %(to)s", to=STATE_NAMES[to]),
                    rule="submission_order",
                )


def end_orders(submission: Submission, *, by: "User") -> None:
    """After the room's report of a new state: what it carried out, and what has been overtaken by it."""
    for told in submission.orders.known_to_room().select_for_update():
        if submission.state == told.rule.leads_to:
            end_order(told, End.CARRIED_OUT, by=by)
    for live in submission.orders.live().select_for_update():
        if submission.state != live.rule.only_on:
            end_order(live, End.OVERTAKEN, by=by)


def end_order(found: SubmissionOrder, end: End, *, by: "User", reason: str = "") -> None:
    """The right is checked by whoever calls this."""
    found.end, found.end_reason, found.ended_at, found.ended_by = end.value, reason, timezone.now(), by
    found.save(update_fields=["end", "end_reason", "ended_at", "ended_by"])
    _record(found, end.value, by, {"reason": reason} if reason else {})


def _order_for_change(order_id: str) -> SubmissionOrder:
    """Locked until the transaction ends. Raises NotFound."""
    rows = SubmissionOrder.objects.select_for_update(of=("self",)).select_related("participant", "ordered_by")
    found = rows.filter(order_id=order_id).first()
    if found is None:
        raise NotFound(**said("there is no such order"))
    return found


def _submission(submission_id: str) -> Submission:
    rows = Submission.objects.select_for_update(of=("self",)).select_related("participant")
    found = rows.filter(submission_id=submission_id).first()
    if found is None:
        raise NotFound(**said("there is no such submission"))
    return found


def _same(live: SubmissionOrder, kind: Kind) -> SubmissionOrder:
    if live.kind != kind:
        raise NotAllowed(**said("another order on this submission waits already"))
    return live


def _check_live(found: SubmissionOrder) -> None:
    if found.end:
        raise NotAllowed(**said("this order stands at: %(state)s", state=found.state_badge[0]))


def _check_open(found: SubmissionOrder) -> None:
    if found.state != "open":
        raise NotAllowed(**said("this order stands at: %(state)s", state=found.state_badge[0]))


def _sentence(reason: str) -> str:
    if len(reason.strip()) < LEAST_REASON:
        raise RequestInvalid(**said("give the reason in a sentence (at least 10 characters)"))
    return reason.strip()[:300]


def _record(found: SubmissionOrder, what: str, by: "User", detail: dict) -> None:
    submission = found.submission
    facts = {
        "order": found.order_id,
        "kind": found.kind,
        "participant": found.participant.code,
        "dataset": submission.dataset,
        "sequence": submission.sequence,
    }
    subject = f"upload:{submission.submission_id}"
    record(by=by, verb=f"submission_order.{what}", subject=subject, detail=facts | detail)

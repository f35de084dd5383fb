"""Pages of orders: what an order does is said before it is given, and again before it is approved."""

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cleanroom.errors import NotAllowed
from portal.accounts.permissions import Answer, check_may, may
from portal.common.posting import done, given, one_of
from portal.uploads.actions import order as actions
from portal.uploads.models import SubmissionOrder
from portal.uploads.names import DATASET_NAMES
from portal.uploads.order_queries import order_for
from portal.uploads.orders import RULES, Kind
from portal.uploads.queries import submission_for

if TYPE_CHECKING:
    from portal.accounts.models import User


@require_safe
def new(request: HttpRequest, submission_id: str, kind: str) -> HttpResponse:
    """Before the order is given: what it does and what cannot be undone."""
    submission, kind = submission_for(request.user, submission_id), one_of(Kind, kind)
    check_may(request.user, RULES[kind].order, institution=submission.participant.code)
    context = {
        "submission": submission, "dataset": DATASET_NAMES[submission.dataset], "kind": kind, "rule": RULES[kind],
    }  # fmt: skip
    return render(request, "uploads/new_order.html", context)


@require_POST
def give(request: HttpRequest, submission_id: str, kind: str) -> HttpResponse:
    kind, reason = one_of(Kind, kind), given(request, "reason")
    submission = submission_for(request.user, submission_id)
    return done(
        request,
        lambda: actions.order(by=request.user, submission_id=submission.submission_id, kind=kind, reason=reason),
        sentence=_("The order is given. A second person approves or declines it."),
        back="uploads-detail", submission_id=submission_id,
    )  # fmt: skip


@require_safe
def one(request: HttpRequest, order_id: str) -> HttpResponse:
    found = order_for(request.user, order_id)
    context = {
        "order": found,
        "submission": found.submission,
        "dataset": DATASET_NAMES[found.submission.dataset],
        "may_approve": may_decide(request.user, found),
        "may_take_back": may(request.user, found.rule.order, institution=found.participant.code),
    }
    return render(request, "uploads/order.html", context)


def may_decide(person: "User", found: SubmissionOrder) -> Answer:
    """Whether this person is the second one; the sentence is the button's tooltip."""
    right = may(person, found.rule.approve, institution=found.participant.code)
    if not right:
        return right
    try:
        actions.check_second_person(found, by=person)
    except NotAllowed:
        if found.ordered_by_id == person.pk:
            return Answer(False, _("You gave this order; a second person decides on it."))
        return Answer(False, _("A release is approved by somebody outside the submitting institution."))
    return right


@require_POST
def approve(request: HttpRequest, order_id: str) -> HttpResponse:
    order_for(request.user, order_id)
    return done(
        request, lambda: actions.approve_order(by=request.user, order_id=order_id),
        sentence=_("The order is approved. The clean room carries it out with its next run."),
        back="uploads-order", order_id=order_id,
    )  # fmt: skip


@require_POST
def decline(request: HttpRequest, order_id: str) -> HttpResponse:
    order_for(request.user, order_id)
    reason = given(request, "reason")
    return done(
        request, lambda: actions.decline_order(by=request.user, order_id=order_id, reason=reason),
        sentence=_("The order is declined. The submission stays as it is."), back="uploads-order", order_id=order_id,
    )  # fmt: skip


@require_POST
def take_back(request: HttpRequest, order_id: str) -> HttpResponse:
    order_for(request.user, order_id)
    return done(
        request, lambda: actions.take_back_order(by=request.user, order_id=order_id),
        sentence=_("The order is taken back."), back="uploads-order", order_id=order_id,
    )  # fmt: skip

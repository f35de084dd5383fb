"""Pages of the warnings: inbox, one warning, dispatch health."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cleanroom.errors import NotFound, RequestInvalid
from cleanroom.vocabulary.terms import AnswerKind
from portal.accounts.permissions import Permission, check_may, may
from portal.alerts import health as dispatch
from portal.alerts import queries, retry
from portal.alerts.actions.answer import answer_on_page
from portal.alerts.actions.export import export_warnings
from portal.alerts.actions.release_cap import release_cap
from portal.alerts.actions.replay import replay
from portal.alerts.actions.stop import lift_stop, stop_sending
from portal.alerts.models import WarningRecord
from portal.alerts.names import (
    ACTION_NAMES,
    ANSWER_NAMES,
    ANSWER_TONES,
    DELIVERY_NAMES,
    DELIVERY_TONES,
    KIND_NAMES,
    PURPOSE_NAMES,
    SEVERITY_NAMES,
    SEVERITY_TONES,
)
from portal.alerts.states import NEXT_ANSWER, Delivery
from portal.alerts.tables import WarningTable
from portal.alerts.tasks import wake_soon
from portal.common.filters import Filter, choices_of, institutions_among, narrow
from portal.common.posting import confirmed, done, given, one_of_choices
from portal.common.said import said
from portal.common.tables import Export, search, table_page
from portal.participants.models import Participant

STOP_PAGES = ("alerts-health", "signoffs")


@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: HttpRequest) -> HttpResponse:
    every = queries.visible_to(request.user)
    rows, filters = narrow(
        every,
        request,
        Filter("institution", gettext_lazy("Institution"), "participant__code", institutions_among(every)),
        Filter("severity", gettext_lazy("Severity"), "severity", choices_of(SEVERITY_NAMES)),
        Filter("kind", gettext_lazy("Warning"), "kind", choices_of(KIND_NAMES)),
        Filter("answer", gettext_lazy("Answer"), "standing", choices_of(ANSWER_NAMES)),
        Filter("delivery", gettext_lazy("Delivery"), "delivery", choices_of(DELIVERY_NAMES)),
    )
    rows = search(rows, request, "warning_id", "release_id", "participant__name", "participant__name_zh")
    context = {
        "filters": filters,
        "waiting": every.filter(standing="").count(),
        "sent": every.count(),
        "now": timezone.now(),
        "may_read_health": may(request.user, Permission.READ_WARNING_STANDINGS),
    }
    return table_page(
        request, "alerts/inbox.html", WarningTable(queries.most_pressing_first(rows)), context, _export(request)
    )


def _export(request: HttpRequest) -> Export:
    return Export(PURPOSE_NAMES, lambda rows, purpose: export_warnings(rows, purpose=purpose, by=request.user))


@require_safe
def warning(request: HttpRequest, warning_id: str) -> HttpResponse:
    row = queries.warning_for(request.user, warning_id)
    before = AnswerKind(row.standing) if row.standing else None
    context = {
        "warning": row,
        "kind": KIND_NAMES[row.kind],
        "severity": (SEVERITY_NAMES[row.severity], SEVERITY_TONES[row.severity]),
        "delivery": (DELIVERY_NAMES[row.delivery], DELIVERY_TONES[row.delivery]),
        "standing": (ANSWER_NAMES.get(row.standing, _("not answered")), ANSWER_TONES[row.standing]),
        "answers": [_shown(answer) for answer in row.answers.select_related("answered_by")],
        "tries": row.tries.all(),
        "possible": [(kind.value, ANSWER_NAMES[kind]) for kind in AnswerKind if kind in NEXT_ANSWER[before]],
        "actions": ACTION_NAMES.items(),
        "may_answer": may(request.user, Permission.ANSWER_WARNING, institution=row.participant.code),
        "may_manage": may(request.user, Permission.MANAGE_DELIVERY),
        "steps": len(retry.ESCALATION_SECONDS),
        "now": timezone.now(),
    }
    return render(request, "alerts/warning.html", context)


def _shown(answer) -> dict:
    return {
        "row": answer,
        "name": ANSWER_NAMES[answer.answer],
        "tone": ANSWER_TONES[answer.answer],
        "action": ACTION_NAMES.get(answer.action, answer.action),
        "reason": answer.message["reason"],
    }


@require_POST
def answer(request: HttpRequest, warning_id: str) -> HttpResponse:
    kind, action = given(request, "answer"), given(request, "action")
    if kind not in ANSWER_NAMES or action not in ACTION_NAMES:
        raise RequestInvalid(**said("the answer or the measure is none of those that can be chosen"))
    return done(
        request,
        lambda: answer_on_page(
            warning_id,
            answer=AnswerKind(kind),
            action=action,
            reason=given(request, "reason"),
            held_cents=_cents(request.POST.get("held_twd", "")),
            by=request.user,
        ),
        sentence=_("Your answer is kept and the clock stands."),
        back="alerts-warning",
        warning_id=warning_id,
    )


def _cents(text: str) -> int:
    """Whole TWD as the form gives it; empty is nothing held."""
    digits = text.strip().replace(",", "") or "0"
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 13):
        raise RequestInvalid(**said("Give the held sum in whole TWD, as digits."))
    return int(digits) * 100


@require_http_methods(["GET", "HEAD", "POST"])
def health(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_WARNING_STANDINGS)
    rows = WarningRecord.objects.select_related("participant")
    dead = WarningTable(rows.filter(delivery=Delivery.DEAD), order_by="-accepted_at")
    context = {
        "standings": dispatch.standings(),
        "capped": queries.capped_days(),
        "disabled": queries.disabled_endpoints(),
        "may_manage": may(request.user, Permission.MANAGE_DELIVERY),
        "now": timezone.now(),
    }
    return table_page(request, "alerts/health.html", dead, context, _export(request))


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    reason, back = given(request, "reason")[:400], _back(request)
    confirmed(request)
    sentence = _("Nothing is sent from now on. Another person must lift the stop.")
    return done(request, lambda: stop_sending(reason=reason, by=request.user), sentence=sentence, back=back)


@require_POST
def lift(request: HttpRequest) -> HttpResponse:
    confirmed(request)

    def work() -> None:
        lift_stop(by=request.user)
        wake_soon()

    return done(request, work, sentence=_("Warnings are sent again."), back=_back(request))


def _back(request: HttpRequest) -> str:
    """The page that the panel of the stop stood on."""
    return one_of_choices(request.POST.get("back", STOP_PAGES[0]), STOP_PAGES)


@require_POST
def replay_dead(request: HttpRequest, warning_id: str) -> HttpResponse:
    def work() -> None:
        replay(warning_id, by=request.user)
        wake_soon()

    sentence = _("The warning is on its way again, under the same number.")
    return done(request, work, sentence=sentence, back="alerts-warning", warning_id=warning_id)


@require_POST
def cap(request: HttpRequest, code: str, day: str) -> HttpResponse:
    participant = Participant.objects.filter(code=code).first()
    if participant is None:
        raise NotFound(**said("there is no such institution"))
    reason, on = given(request, "reason")[:400], _day(day)

    def work() -> None:
        if release_cap(participant, day=on, reason=reason, by=request.user):
            wake_soon()

    return done(request, work, sentence=_("Your agreement is kept."), back="alerts-health")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RequestInvalid(**said("the address names no day")) from None

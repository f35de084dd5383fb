"""Pages of the register: the list, one incident, the form to report one."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cleanroom.contracts.governance import IncidentClosing, IncidentNotice, IncidentReport
from cleanroom.errors import NotAllowed, RequestInvalid
from cleanroom.vocabulary.terms import ReleaseState
from portal.accounts.permissions import Answer, Permission, check_may, may, may_anywhere, within_reach
from portal.common.filters import Filter, choices_of, narrow
from portal.common.posting import confirmed, done, given, message_of, one_of_choices
from portal.common.problems import sentence_of
from portal.common.said import said
from portal.common.tables import search, table_page
from portal.incidents.actions.handle import acknowledge_incident, check_may_close, close_incident, tell_participants
from portal.incidents.actions.report import report_incident
from portal.incidents.models import Incident
from portal.incidents.names import (
    GRADE_HELP,
    GRADE_NAMES,
    GRADE_TONES,
    KIND_HELP,
    KIND_NAMES,
    STATE_NAMES,
    STATE_TONES,
)
from portal.incidents.queries import incident_of, reads_whole, visible_to
from portal.incidents.tables import IncidentTable
from portal.signoffs.models import Release


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    person = request.user
    every = visible_to(person)
    rows, filters = narrow(
        every,
        request,
        Filter("state", gettext_lazy("State"), "standing", choices_of(STATE_NAMES)),
        Filter("kind", gettext_lazy("Kind"), "kind", choices_of(KIND_NAMES)),
        Filter("grade", gettext_lazy("Grade"), "grade", tuple((str(n), name) for n, name in GRADE_NAMES.items())),
    )
    whole = within_reach(person, Permission.READ_INCIDENTS) is None
    rows = search(rows, request, "release__release_id", *(["summary"] if whole else []))
    context = {
        "filters": filters,
        "open": every.open().count(),
        "may_report": may_anywhere(person, Permission.REPORT_INCIDENT),
        "now": timezone.now(),
    }
    table = IncidentTable(rows, exclude=() if whole else ("summary",))
    return table_page(request, "incidents/register.html", table, context)


@require_safe
def incident(request: HttpRequest, incident_id: str) -> HttpResponse:
    person = request.user
    found = incident_of(incident_id, among=visible_to(person))
    context = {
        "incident": found,
        "kind": KIND_NAMES[found.kind],
        "grade": (GRADE_NAMES[found.grade], GRADE_TONES[found.grade]),
        "state": (STATE_NAMES[found.state], STATE_TONES[found.state]),
        "whole": reads_whole(person, found),
        "may_handle": may(person, Permission.HANDLE_INCIDENT),
        "may_close": _may_close(person, found),
    }
    return render(request, "incidents/incident.html", context)


def _may_close(person, found: Incident) -> Answer:
    try:
        check_may_close(found, by=person)
    except NotAllowed as e:
        return Answer(False, sentence_of(e))
    return Answer(True)


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    person = request.user
    everything = bool(may(person, Permission.REPORT_INCIDENT))
    if not everything:
        check_may(person, Permission.REPORT_INCIDENT, institution=person.institution_code)
    if request.method == "POST":
        return _reported(request)
    kinds = KIND_NAMES if everything else {"complaint": KIND_NAMES["complaint"]}
    context = {
        "kinds": [(value, name, KIND_HELP[value]) for value, name in kinds.items()],
        "grades": [(value, name, GRADE_HELP[value]) for value, name in GRADE_NAMES.items()],
        "releases": Release.objects.exclude(state=ReleaseState.RETIRED).only("release_id").order_by("-drafted_at"),
        "named": request.GET.get("release", ""),
        "now": timezone.localtime(),
    }
    return render(request, "incidents/report.html", context)


def _reported(request: HttpRequest) -> HttpResponse:
    confirmed(request)
    kept = report_incident(
        message_of(
            IncidentReport,
            kind=given(request, "kind"),
            grade=int(one_of_choices(given(request, "grade"), [str(n) for n in GRADE_NAMES])),
            release_id=request.POST.get("release_id", "").strip() or None,
            detected_at=_moment(given(request, "detected_at")),
            summary=given(request, "summary"),
        ),
        by=request.user,
    )
    messages.success(request, _("The incident is kept as %(number)s.") % {"number": kept.incident_id})
    return redirect("incidents-one", incident_id=kept.incident_id)


def _moment(text: str) -> datetime:
    """A time as the form's field writes it, in the portal's zone."""
    try:
        return timezone.make_aware(datetime.fromisoformat(text))
    except ValueError:
        raise RequestInvalid(**said("Give the day and the time at which it was noticed.")) from None


@require_POST
def acknowledge(request: HttpRequest, incident_id: str) -> HttpResponse:
    return done(
        request,
        lambda: acknowledge_incident(incident_id, by=request.user),
        sentence=_("You have taken the incident on."),
        back="incidents-one",
        incident_id=incident_id,
    )


@require_POST
def tell(request: HttpRequest, incident_id: str) -> HttpResponse:
    confirmed(request)
    notice = message_of(IncidentNotice, text=given(request, "text"))
    return done(
        request,
        lambda: tell_participants(incident_id, notice, by=request.user),
        sentence=_("Every institution's people read it from now on."),
        back="incidents-one",
        incident_id=incident_id,
    )


@require_POST
def close(request: HttpRequest, incident_id: str) -> HttpResponse:
    confirmed(request)
    upheld = {"yes": True, "no": False}.get(request.POST.get("upheld", ""))
    closing = message_of(IncidentClosing, settled=given(request, "settled"), upheld=upheld)
    return done(
        request,
        lambda: close_incident(incident_id, closing, by=request.user),
        sentence=_("The incident is closed."),
        back="incidents-one",
        incident_id=incident_id,
    )

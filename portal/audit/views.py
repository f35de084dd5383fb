"""The audit pages: the log, searched, verified and downloaded; checkpoints, their witnesses, and proofs."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from cleanroom.contracts.checkpoints import AuditLog
from cleanroom.errors import RequestInvalid
from portal.accounts.permissions import Permission, check_may, may
from portal.audit import chain, queries
from portal.audit.models import Event
from portal.audit.names import LOG_NAMES
from portal.audit.tables import EventTable
from portal.common.said import said
from portal.common.tables import search, table_page


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_AUDIT)
    rows = search(Event.objects.all(), request, "actor__username", "reported_actor", "verb", "subject")
    context = {"total": Event.objects.count(), "now": timezone.now()}
    return table_page(request, "audit/events.html", EventTable(rows, order_by="-sequence"), context)


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Walk the whole chain now; a fragment where htmx asks, else a page."""
    check_may(request.user, Permission.READ_AUDIT)
    template = "audit/verdict.html" if request.htmx else "audit/verified.html"
    return render(request, template, {"verdict": chain.verify(), "now": timezone.now()})


@require_safe
def log(request: HttpRequest) -> StreamingHttpResponse:
    """The whole log in the form that `cleanroom audit verify` reads."""
    check_may(request.user, Permission.READ_AUDIT)
    response = StreamingHttpResponse(chain.lines(), content_type="application/jsonl; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="portal-log.jsonl"'
    return response


@require_safe
def checkpoints(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_CHECKPOINTS)
    context = {
        "logs": [(LOG_NAMES[log], queries.standing_of(log)) for log in AuditLog],
        "contradictions": queries.contradictions(),
        "may_read_log": bool(may(request.user, Permission.READ_AUDIT)),
        "now": timezone.now(),
    }
    return render(request, "audit/checkpoints.html", context)


@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    """The proof of one event of this portal's log, in the form that `cleanroom audit check-proof` reads."""
    check_may(request.user, Permission.READ_CHECKPOINTS)
    number = request.GET.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) < 13):
        raise RequestInvalid(**said("the number of an event is a whole number, as the log shows it"))
    response = HttpResponse(queries.proof_of(int(number)).to_bytes(), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="portal-log-{int(number)}-proof.json"'
    return response

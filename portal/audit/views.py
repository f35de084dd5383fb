"""The audit page: search, verify."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.permissions import Permission, check_may
from portal.audit.chain import verify
from portal.audit.models import Event
from portal.audit.tables import EventTable
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
    return render(request, template, {"verdict": verify(), "now": timezone.now()})

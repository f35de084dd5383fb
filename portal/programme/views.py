"""The programme page."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.permissions import Permission, check_may, may
from portal.common.posting import done, given
from portal.common.tables import search, table_page
from portal.programme import queries
from portal.programme.actions import close_by_hand
from portal.programme.models import EvidenceKind
from portal.programme.tables import MilestoneTable
from portal.programme.timeline import draw


@require_safe
def programme(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_PROGRAMME)
    rows = search(queries.milestones(), request, "name", "name_zh", "phase__name", "phase__name_zh", "evidence")
    may_plan = may(request.user, Permission.PLAN_PROGRAMME)
    context = {
        "timeline": draw(list(queries.phases()), timezone.localdate()),
        "today": timezone.localdate(),
        "by_hand": queries.open_ones().filter(evidence_kind=EvidenceKind.BY_HAND) if may_plan else (),
    }
    return table_page(request, "programme/programme.html", MilestoneTable(rows), context)


@require_POST
def close(request: HttpRequest) -> HttpResponse:
    return done(
        request,
        lambda: close_by_hand(
            by=request.user, milestone=given(request, "milestone"), evidence=given(request, "evidence")
        ),
        sentence=_("The milestone is noted as reached."), back="programme",
    )  # fmt: skip

"""Pages of the MoU: versions, text, signatures."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cleanroom.errors import RequestInvalid
from portal.accounts.permissions import Permission, check_may, may
from portal.common.posting import done, given
from portal.common.said import said
from portal.common.tables import search, table_page
from portal.participants import queries
from portal.participants.actions.sign_mou import publish_mou, sign_mou
from portal.participants.tables import MouTable


@require_safe
def mous(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_PROGRAMME)
    rows = search(queries.mous(), request, "version", "text")
    context = {"may_publish": may(request.user, Permission.PUBLISH_MOU)}
    return table_page(request, "participants/mous.html", MouTable(rows), context)


@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    version = given(request, "version")
    purposes = [line.strip() for line in given(request, "purposes").splitlines() if line.strip()]
    return done(
        request,
        lambda: publish_mou(
            by=request.user, version=version, text=given(request, "text"), purposes=purposes,
            valid_from=_day(request, "valid_from"), expires_on=_day(request, "expires_on"),
        ),
        sentence=_("The MoU is published and waits for signatures."), back="participants-mou", version=version,
    )  # fmt: skip


def _day(request: HttpRequest, name: str) -> date:
    try:
        return date.fromisoformat(given(request, name))
    except ValueError:
        raise RequestInvalid(**said("give the day as year-month-day")) from None


@require_safe
def mou(request: HttpRequest, version: str) -> HttpResponse:
    check_may(request.user, Permission.READ_PROGRAMME)
    found = queries.mou_by_version(version)
    code = request.user.institution_code
    context = {
        "mou": found, "signatures": found.signatures.select_related("participant", "signed_by").order_by("signed_at"),
        "signed_by_own": found.signatures.filter(participant__code=code).exists(),
        "may_sign": may(request.user, Permission.SIGN_MOU, institution=code),
    }  # fmt: skip
    return render(request, "participants/mou.html", context)


@require_POST
def sign(request: HttpRequest, version: str) -> HttpResponse:
    return done(
        request, lambda: sign_mou(by=request.user, version=version),
        sentence=_("The MoU is signed for your institution."), back="participants-mou", version=version,
    )  # fmt: skip

"""Home, the language switch, and the pages that say what went wrong."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from cleanroom.errors import NotAllowed, NotFound, PortalFault, RequestInvalid
from portal.common.facts import facts_for
from portal.common.problems import problem
from portal.common.said import Said, chosen, said
from portal.common.waiting import waiting_for


def home(request: HttpRequest) -> HttpResponse:
    person = request.user
    return render(request, "common/home.html", {"tasks": waiting_for(person), "facts": list(facts_for(person))})


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    language, back = request.POST.get("language", ""), request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    response = redirect(back if safe else "home")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600,
            httponly=True, samesite="Lax", secure=settings.PRODUCTION,
        )  # fmt: skip
    return response


set_language.login_required = False


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _refused(request, 403, said("This form has expired. Go back, load the page again and send it once more."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refused(request, 400, said("The portal could not read this request."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refused(request, 403, said("You may not do this."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refused(request, 404, said("There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    return _refused(
        request, 500, said("The portal failed on this page. Try again; if it stays so, tell the administrator.")
    )


REASONS = {400: RequestInvalid.reason, 403: NotAllowed.reason, 404: NotFound.reason, 500: PortalFault.reason}


def _refused(request: HttpRequest, status: int, both: Said) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem(status, "refused", both, REASONS[status])
    return render(request, "common/refused.html", {"sentence": chosen(both)}, status=status)

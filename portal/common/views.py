"""Home, the language switch, and the pages that say what went wrong."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.common.facts import facts_for
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
    return _refused(request, 403, _("This form has expired. Go back, load the page again and send it once more."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refused(request, 400, _("The portal could not read this request."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refused(request, 403, _("You may not do this."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refused(request, 404, _("There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    return _refused(
        request, 500, _("The portal failed on this page. Try again; if it stays so, tell the administrator.")
    )


def _refused(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"type": "about:blank", "title": "refused", "status": status, "detail": sentence, "reason": "not_found"},
            status=status, content_type="application/problem+json",
        )  # fmt: skip
    return render(request, "common/refused.html", {"sentence": sentence}, status=status)

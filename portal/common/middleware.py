"""Pages need a login; a refusal on a page becomes a page that says why."""

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cleanroom.errors import CleanroomError
from portal.common.problems import field_of, method_refused, sentence_of, status_of
from portal.common.refused_forms import RefusedForm, page_of


class PagesNeedLogin(LoginRequiredMiddleware):
    """Every page, except where a view says otherwise. The API has its own authentication."""

    def process_view(self, request: HttpRequest, view_func, view_args, view_kwargs):
        if request.path.startswith("/api/v1/"):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class RefusalMiddleware:
    """Innermost but for the framework's own, so that the page of a refused form passes every check of a page again."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and request.path.startswith("/api/v1/"):
            return method_refused(response)
        refused = getattr(request, "refused", None)
        page = page_of(request, refused) if refused else None
        return (self._given_back(page, refused) if page else None) or response

    def _given_back(self, page: HttpRequest, refused: RefusedForm) -> HttpResponse | None:
        """The page with the form filled in; None where it does not offer that form any more."""
        response = self.get_response(page)
        if response.status_code != 200 or not refused.shown:
            return None
        response.status_code = refused.status
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, CleanroomError):
            return None
        from portal.audit.refusals import note_refusal  # models: loaded once the apps are

        note_refusal(request, error)
        sentence, status = sentence_of(error), status_of(error)
        if request.method == "POST":
            request.refused = RefusedForm(request.path, request.POST, sentence, status, field=field_of(error))
        return render(request, "common/refused.html", {"sentence": sentence}, status=status)

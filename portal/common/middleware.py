"""Pages need a login; a refusal on a page becomes a page that says why."""

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from cleanroom.errors import CleanroomError
from portal.common.problems import status_of


class PagesNeedLogin(LoginRequiredMiddleware):
    """Every page, except where a view says otherwise. The API has its own authentication."""

    def process_view(self, request: HttpRequest, view_func, view_args, view_kwargs):
        if request.path.startswith("/api/v1/"):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class RefusalMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, CleanroomError):
            return None
        from portal.audit.refusals import note_refusal  # models: loaded once the apps are

        note_refusal(request, error)
        return render(request, "common/refused.html", {"sentence": sentence_of(error)}, status=status_of(error))


def sentence_of(error: CleanroomError) -> str:
    """In the reader's language, where the error brought both along."""
    return error.in_chinese if (get_language() or "").startswith("zh") else str(error)

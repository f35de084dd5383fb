"""Forms and buttons: a post does one action, then leads back with a sentence of success."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from cleanroom.errors import RequestInvalid


def done(
    request: HttpRequest, work: Callable[[], object], *, sentence: str, back: str, **names: object
) -> HttpResponse:
    """Do `work`; a refusal becomes its own page (RefusalMiddleware). `back` and `names` are a URL's name and parts."""
    work()
    messages.success(request, sentence)
    return redirect(back, **names)


def given(request: HttpRequest, name: str) -> str:
    """A field of the form, trimmed; RequestInvalid where it is empty."""
    value = request.POST.get(name, "").strip()
    if not value:
        raise RequestInvalid("a field of the form is empty; go back and fill it in")
    return value

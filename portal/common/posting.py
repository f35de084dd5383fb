"""Forms and buttons: a post does one action, then leads back with a sentence of success."""

from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from cleanroom.errors import RequestInvalid

Kind = TypeVar("Kind", bound=Enum)


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


def one_of(kind: type[Kind], value: str) -> Kind:
    """The member with this value; RequestInvalid where there is none."""
    try:
        return kind(value)
    except ValueError:
        raise RequestInvalid("choose one of the values that the form offers") from None

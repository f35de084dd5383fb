"""Forms and buttons: a post does one action, then leads back with a sentence of success."""

from collections.abc import Callable, Collection
from enum import Enum
from functools import partial
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from pydantic import BaseModel, ValidationError

from cleanroom.errors import RequestInvalid, Where
from portal.common.misfits import misfit
from portal.common.said import in_both, said

Kind = TypeVar("Kind", bound=Enum)
Message = TypeVar("Message", bound=BaseModel)


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
        raise RequestInvalid(**said("This field is empty; fill it in."), where=Where(column=name))
    return value


def confirmed(request: HttpRequest) -> None:
    """RequestInvalid unless the form's box is ticked, by which a person says that the consequence is meant."""
    if request.POST.get("confirmed") != "yes":
        raise RequestInvalid(
            **said("Tick the box to confirm, then send the form again."), where=Where(column="confirmed")
        )


def message_of(message: type[Message], **fields: object) -> Message:
    """The message that the form means; RequestInvalid naming the field that does not fit."""
    try:
        return message(**fields)
    except ValidationError as e:
        first = e.errors()[0]
        where = Where(column=str(first["loc"][0])) if first["loc"] else None
        raise RequestInvalid(**in_both(partial(misfit, first)), where=where) from None


def one_of_choices(value: str, choices: Collection[str]) -> str:
    if value not in choices:
        raise RequestInvalid(**said("Choose one of the values that the form offers."))
    return value


def one_of(kind: type[Kind], value: str) -> Kind:
    """The member with this value; RequestInvalid where there is none."""
    try:
        return kind(value)
    except ValueError:
        raise RequestInvalid(**said("Choose one of the values that the form offers.")) from None

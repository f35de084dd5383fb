"""Refusals over HTTP: one table from the family of errors to a status, one body (RFC 9457)."""

import logging

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from cleanroom import errors
from cleanroom.contracts.messages import Problem
from portal.common.misfits import misfit
from portal.common.said import Said, in_both, said

log = logging.getLogger(__name__)

# Every other refusal is 422: understood, and not to be repeated.
STATUS: dict[type[errors.CleanroomError], int] = {
    errors.NotAllowed: 403,
    errors.NotTheOwner: 403,
    errors.NotFound: 404,
    errors.UnknownInstitution: 404,
    errors.GateClosed: 409,
    errors.MouNotInForce: 409,
    errors.SpecificationNotInForce: 409,
    errors.SequenceReplayed: 409,
    errors.SequenceSkipped: 409,
    errors.TooLarge: 413,
}
REFUSED, FAULTY = 422, 503


def status_of(error: errors.CleanroomError) -> int:
    if isinstance(error, errors.Fault):
        return FAULTY
    return STATUS.get(type(error), REFUSED)


def problem(status: int, title: str, both: Said, reason: str) -> HttpResponse:
    """Both sentences, whoever asks: a program passes them on to a person whose language it does not know."""
    body = Problem(title=title, status=status, detail=both["sentence"], detail_zh=both["zh"], reason=reason)
    return HttpResponse(body.model_dump_json(), status=status, content_type="application/problem+json")


def refused(request: HttpRequest, error: errors.CleanroomError) -> HttpResponse:
    from portal.audit.refusals import note_refusal  # models: loaded once the apps are

    note_refusal(request, error)
    both = Said(sentence=str(error), zh=error.in_chinese)
    return problem(status_of(error), error.reason.replace("_", " "), both, error.reason)


def field_of(error: errors.CleanroomError) -> str | None:
    """The form's field that the refusal is about: it names that one and no file."""
    return error.where.column if error.where == errors.Where(column=error.where.column) else None


def sentence_of(error: errors.CleanroomError) -> str:
    """In the reader's language, where the error brought both along. A form's field is shown, not named."""
    if field_of(error):
        error = type(error)(error.sentence, zh=error.zh, rule=error.rule)
    return error.in_chinese if (get_language() or "").startswith("zh") else str(error)


def install_handlers(api: NinjaAPI) -> None:
    api.add_exception_handler(errors.CleanroomError, refused)
    api.add_exception_handler(AuthenticationError, _unauthenticated)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(Exception, _unexpected)


def _unauthenticated(request: HttpRequest, error: Exception) -> HttpResponse:
    both = said("send a valid API token in the header Authorization: Bearer")
    response = problem(401, "not authenticated", both, errors.NotAllowed.reason)
    response["WWW-Authenticate"] = "Bearer"
    return response


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Names the field and the rule; the value stays out of the answer."""
    first = error.errors[0]
    place = ".".join(str(part) for part in first.get("loc", ())[1:])

    def tell() -> str:
        return f"{place or _('the body')}: {misfit(first)}"

    return problem(422, "request invalid", in_both(tell), errors.RequestInvalid.reason)


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    """The framework's own, of a body that cannot be read."""
    both = said("the body of the request is not JSON in UTF-8")
    return problem(error.status_code, "request invalid", both, errors.RequestInvalid.reason)


def method_refused(answer: HttpResponse) -> HttpResponse:
    """The framework's answer to a method that an address does not take, as a problem; `Allow` names those it takes."""
    both = said("this address takes only %(methods)s", methods=answer.headers["Allow"])
    refused = problem(405, "method not allowed", both, errors.RequestInvalid.reason)
    refused.headers["Allow"] = answer.headers["Allow"]
    return refused


def _missing(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(404, "not found", said("there is nothing at this address"), errors.NotFound.reason)


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("a call to %s failed", request.path)
    return problem(500, "fault", said("the portal failed on this call; try again later"), errors.PortalFault.reason)

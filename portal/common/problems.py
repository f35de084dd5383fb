"""Refusals over HTTP: one table from the family of errors to a status, one body (RFC 9457)."""

import logging

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from cleanroom import errors
from cleanroom.contracts.messages import Problem

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


def problem(status: int, title: str, detail: str, reason: str, *, zh: str | None = None) -> HttpResponse:
    body = Problem(title=title, status=status, detail=detail, reason=reason, detail_zh=zh)
    return HttpResponse(body.model_dump_json(), status=status, content_type="application/problem+json")


def refused(request: HttpRequest, error: errors.CleanroomError) -> HttpResponse:
    from portal.audit.refusals import note_refusal  # models: loaded once the apps are

    note_refusal(request, error)
    zh = error.in_chinese if error.zh else None
    return problem(status_of(error), error.reason.replace("_", " "), str(error), error.reason, zh=zh)


def install_handlers(api: NinjaAPI) -> None:
    api.add_exception_handler(errors.CleanroomError, refused)
    api.add_exception_handler(AuthenticationError, _unauthenticated)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(Http404, _missing)
    api.add_exception_handler(Exception, _unexpected)


def _unauthenticated(request: HttpRequest, error: Exception) -> HttpResponse:
    detail = "send a valid API token in the header Authorization: Bearer"
    response = problem(401, "not authenticated", detail, errors.NotAllowed.reason)
    response["WWW-Authenticate"] = "Bearer"
    return response


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Names the field and the rule; the value stays out of the answer."""
    first = error.errors[0]
    place = ".".join(str(part) for part in first.get("loc", ())[1:]) or "the body"
    return problem(422, "request invalid", f"{place}: {first.get('msg', '')}", errors.RequestInvalid.reason)


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, "request invalid", str(error), errors.RequestInvalid.reason)


def _missing(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(404, "not found", "there is nothing at this address", errors.NotFound.reason)


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("a call to %s failed", request.path)
    return problem(500, "fault", "the portal failed on this call; try again later", errors.PortalFault.reason)

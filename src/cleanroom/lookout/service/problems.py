"""How a refusal or fault looks over HTTP: problem JSON (RFC 9457), its sentence in the reader's language."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from cleanroom.errors import (
    CleanroomError,
    Fault,
    IndexDamaged,
    MalformedRows,
    NotAllowed,
    NotFound,
    RequestInvalid,
    ServiceFault,
    TooLarge,
)
from cleanroom.settings import CHINESE, ENGLISH

_STATUS_OF_RULE = {
    "token": 401,
    "role": 403,
    "method": 405,
    "slow_body": 408,
    "media_type": 415,
    "busy": 503,
    "walk_seconds": 503,
    "ties": 503,
}
_STATUS: Mapping[type[CleanroomError], int] = {
    RequestInvalid: 400,
    NotAllowed: 403,
    NotFound: 404,
    TooLarge: 413,
    IndexDamaged: 503,
    MalformedRows: 400,
}
_TITLES = {
    400: ("Bad Request", "請求有誤"),
    401: ("Unauthorized", "未經認證"),
    403: ("Forbidden", "不允許"),
    404: ("Not Found", "查無資料"),
    405: ("Method Not Allowed", "方法不允許"),
    408: ("Request Timeout", "請求逾時"),
    413: ("Content Too Large", "內容過大"),
    415: ("Unsupported Media Type", "格式不支援"),
    500: ("Internal Server Error", "系統錯誤"),
    503: ("Service Unavailable", "暫時無法服務"),
}


class Problem(msgspec.Struct, frozen=True):
    """`reason`: of cleanroom.errors. `rule`: which of its rules; stable words for programs."""

    title: str
    status: int
    detail: str
    reason: str
    rule: str | None
    type: str = "about:blank"


def problem_of(error: CleanroomError, *, language: str) -> Problem:
    status = _status(error)
    english, chinese = _TITLES[status]
    if language == CHINESE:
        return Problem(chinese, status, error.zh or error.sentence, error.reason, error.rule)
    return Problem(english, status, error.sentence, error.reason, error.rule)


def answered(error: CleanroomError, *, accept_language: str) -> Response:
    language = language_of(accept_language)
    problem = problem_of(error, language=language)
    headers = {"content-language": "zh-Hant" if language == CHINESE else "en", "cache-control": "no-store"}
    if problem.status == 401:
        headers["www-authenticate"] = 'Bearer realm="lookout"'
    if problem.status == 503:
        headers["retry-after"] = "1"
    if problem.status in (408, 413):
        headers["connection"] = "close"  # what follows an unread body is not a request
    body = msgspec.json.encode(problem)
    return Response(body, problem.status, headers, media_type="application/problem+json")


def unforeseen(error: BaseException) -> ServiceFault:
    """Its text may quote what was asked, so only its kind is told."""
    return ServiceFault(
        f"something went wrong that nobody foresaw ({type(error).__name__}); tell operations",
        zh=f"系統發生未預期之錯誤（{type(error).__name__}）；請通知維運人員",
    )


def language_of(accept_language: str) -> str:
    """zh-hant or en: whichever of them the header weighs more; English where it names neither."""
    weights = {ENGLISH: 0.0, CHINESE: 0.0}
    for part in accept_language.lower().split(","):
        tag, _, weight = part.strip().partition(";q=")
        language = CHINESE if tag.startswith("zh") else ENGLISH if tag.startswith("en") else None
        if language:
            weights[language] = max(weights[language], _weight(weight))
    return CHINESE if weights[CHINESE] > weights[ENGLISH] else ENGLISH


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0


def _status(error: CleanroomError) -> int:
    known = _STATUS_OF_RULE.get(error.rule or "") or _STATUS.get(type(error))
    return known or (503 if isinstance(error, Fault) and error.reason != "service_fault" else 500)

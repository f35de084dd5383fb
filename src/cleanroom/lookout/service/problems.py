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
# By rule first, then by reason: what the person reads in Chinese. English sentences stand where they are raised.
_CHINESE = {
    "token": "請求未附此服務認得之權杖。",
    "role": "此權杖之角色不得使用此功能。",
    "account": "圖中查無所指帳戶；若為新帳戶，請待其首筆交易匯入後再查。",
    "receipt": "查無此收件編號；收據僅保留一段期間。",
    "address": "此位址無任何功能；請參閱 /openapi.json。",
    "method": "此位址不接受該方法；請參閱 /openapi.json。",
    "question_form": "請求內容不符約定格式；請參閱 /openapi.json。",
    "walk_rule": "追查規則無法成立：時間窗之終須晚於其始，停留時限須依時序且大於零。",
    "link_begins": "順金流之關聯步須指定起始時刻（begins）：起點之關聯須於該時刻前已存在。",
    "ties": "尚未發布關聯資料，故無法經共用之持有人、電話、裝置或平臺帳號追查。",
    "question_size": "請求內容超過上限。",
    "batch_size": "批次超過上限；請分批送出。",
    "batch_form": "批次不符約定欄位；請更正後再送。",
    "media_type": "請以 Arrow、Parquet 或 JSON 送出批次。",
    "slow_body": "請求內容未於時限內送達。",
    "busy": "目前查詢過多；請稍後再試。",
    "access_log": "查詢紀錄無法寫入，故不予回覆；請通知維運人員。",
    "not_ready": "服務尚未就緒；請稍後再試。",
    "index_damaged": "索引檔案毀損；請以 cleanroom lookout verify 檢查並重建。",
    "store_fault": "檔案無法寫入；請通知維運人員。",
    "service_fault": "系統發生未預期之錯誤；請通知維運人員。",
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
    titles = _TITLES[status]
    if language == CHINESE:
        said = _CHINESE.get(error.rule or "") or _CHINESE.get(error.reason) or error.sentence
        place = f"（{error.where.column}）" if error.where.column else ""
        return Problem(titles[1], status, place + said, error.reason, error.rule)
    return Problem(titles[0], status, error.sentence, error.reason, error.rule)


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
    return ServiceFault(f"something went wrong that nobody foresaw ({type(error).__name__}); tell operations")


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

"""The reader's language (CLEANROOM_LANGUAGE decides, else LANG), and the words of the participant's commands."""

import os
from collections.abc import Mapping

from cleanroom.errors import SettingsInvalid
from cleanroom.settings import CHINESE, ENGLISH
from cleanroom.vocabulary.terms import UploadState

_WORDS: Mapping[str, tuple[str, str]] = {
    "check": ("check", "檢核"),
    "seal": ("seal", "封裝"),
    "send": ("send", "傳送"),
    "rows": ("rows", "列"),
    "bytes": ("bytes", "位元組"),
    "left": ("left", "剩餘"),
    "checked": (
        "None of the {rows:,} rows breaks a rule that stops a file. Nothing was sealed or sent.",
        "全部 {rows:,} 列均未違反須更正之規則；未封裝、未傳送任何資料。",
    ),
    "sealed": (
        "{rows:,} rows lie sealed in the outbox; submissions that wait to be sent: {sealed}, as before: {unchanged}.",
        "{rows:,} 列已封裝於寄件匣：{sealed} 件待傳送，{unchanged} 件無異動。",
    ),
    "sent": (
        "Submissions sent: {uploaded}, there already: {unchanged} ({rows:,} rows in all).",
        "已傳送 {uploaded} 件，{unchanged} 件先前已送達（共 {rows:,} 列）。",
    ),
    "report": ("Report on {file}, {rows:,} rows", "{file} 檢核報告，共 {rows:,} 列"),
    "rule": ("rule", "規則"),
    "column": ("column", "欄位"),
    "severity": ("severity", "程度"),
    "failed_rows": ("rows", "列數"),
    "first_rows": ("first rows", "起始列號"),
    "values": ("values", "內容"),
    "asks": ("what it asks", "規則內容"),
    "nothing": ("The outbox is empty.", "寄件匣為空。"),
    "standing": ("Submissions of {institution}", "{institution} 之上傳件"),
    "dataset": ("dataset", "資料集"),
    "number": ("number", "序號"),
    "size": ("size", "大小"),
    "sealed_at": ("sealed (UTC)", "封裝（UTC）"),
    "answer": ("the room's answer, signature good", "回覆（已驗章）"),
    "log_place": ("place in its log", "稽核序號"),
    "not_sent": ("waits to be sent", "待傳送"),
    "no_answer": ("sent, not answered yet", "已傳送，尚未回覆"),
    UploadState.ACCEPTED: ("accepted", "已收件"),
    UploadState.QUARANTINED: ("in quarantine", "隔離"),
    UploadState.REFUSED: ("refused", "拒收"),
    UploadState.HELD: ("held: a number before it is missing", "暫留：缺少前一序號"),
    UploadState.SUPERSEDED: ("superseded", "已取代"),
    UploadState.WITHDRAWN: ("withdrawn", "已撤回"),
    "again": ("ended; the same command goes on from here", "已中止；重新執行同一指令即可接續。"),
}


def check_language() -> None:
    """Raise SettingsInvalid for a language that nobody wrote: English without a word would look like an answer."""
    named = os.environ.get("CLEANROOM_LANGUAGE")
    if named and named not in (CHINESE, ENGLISH):
        raise SettingsInvalid(
            f"CLEANROOM_LANGUAGE is {named!r}; set it to one of {CHINESE}, {ENGLISH}",
            zh=f"CLEANROOM_LANGUAGE 為 {named!r}；請設為 {CHINESE}、{ENGLISH} 之一",
        )


def language() -> str:
    """zh-hant or en."""
    named = os.environ.get("CLEANROOM_LANGUAGE")
    if named in (CHINESE, ENGLISH):
        return named
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return CHINESE if locale.lower().startswith("zh") else ENGLISH


def word(name: str, **values: object) -> str:
    return chosen(_WORDS[name]).format(**values)


def chosen(both: tuple[str, str]) -> str:
    return both[language() == CHINESE]


def told(english: str, chinese: str) -> str:
    """The one of both that the reader reads, where a text stands beside what it is about."""
    return chosen((english, chinese))

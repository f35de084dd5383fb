"""The sentences of the participant's commands, in both languages. CLEANROOM_LANGUAGE decides, else LANG."""

import os
from collections.abc import Mapping

from cleanroom.errors import CleanroomError
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
    "refusal": ("refused", "拒絕"),
    "failed": ("failed", "失敗"),
    "do": ("What to do", "處理方式"),
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
    "sealed_at": ("sealed (UTC)", "封裝時間（UTC）"),
    "answer": ("the room's answer, signature good", "無塵室回覆（簽章正確）"),
    "log_place": ("place in its log", "稽核序號"),
    "not_sent": ("waits to be sent", "待傳送"),
    "no_answer": ("sent, not answered yet", "已傳送，尚未回覆"),
    UploadState.ACCEPTED: ("accepted", "已接受"),
    UploadState.QUARANTINED: ("in quarantine", "隔離中"),
    UploadState.REFUSED: ("refused", "已拒絕"),
    UploadState.HELD: ("held: a number before it is missing", "等候：缺少前一序號"),
    UploadState.SUPERSEDED: ("superseded", "已被取代"),
    UploadState.WITHDRAWN: ("withdrawn", "已撤回"),
    "again": ("ended; the same command goes on from here", "已中止；重新執行同一指令即可接續。"),
}

# What the person does now, for every reason by which sealing, sending and looking can end.
_DO: Mapping[str, tuple[str, str]] = {
    "settings_invalid": ("Correct the setting that is named, and run again.", "請更正所指之設定後再執行。"),
    "malformed_rows": ("Correct what the report names where it comes from, and run again.",
                       "請依報告於來源更正後再執行。"),
    "undeclared_encoding": ("Declare the file's real encoding in institution.json, and run again.",
                            "請於 institution.json 申報實際編碼後再執行。"),
    "unknown_institution": ("Check the institution's code; if it is right, ask the coordinator to register it.",
                            "請確認機構代碼；若無誤，請洽協調單位登錄。"),
    "specification_not_in_force": ("Install the kit's latest release, and declare the specification in force.",
                                   "請安裝最新版工具，並申報施行中之資料規格版本。"),
    "mou_not_in_force": ("Ask your participation officer: the memorandum must be signed and in time.",
                         "請洽貴機構參與窗口：合作備忘錄須已簽署且在有效期間內。"),
    "manifest_malformed": ("Correct the file that is named, and run again.", "請更正所指之檔案後再執行。"),
    "signature_refused": ("Keep the file and call the auditor: somebody else signed it.",
                          "請保留檔案並通知稽核人員：此簽章並非應有之簽章。"),
    "content_tampered": ("Run again. If it comes back, call the coordinator: bytes change on the way.",
                         "請重新執行；若再發生，請通知協調單位：資料於傳輸途中遭變更。"),
    "sequence_replayed": ("Look at `cleanroom status`; to replace accepted rows use --supersede.",
                          "請以 cleanroom status 查詢；如須取代已接受之資料，請使用 --supersede。"),
    "sequence_skipped": ("Send the number before it first: `cleanroom upload --sealed-only`.",
                         "請先傳送前一序號：cleanroom upload --sealed-only。"),
    "canary_mismatch": ("Stop. Compare the canaries with the key custodian: this is another key, or another kit.",
                        "請停止作業，並與金鑰保管人核對測試值：金鑰或工具版本不一致。"),
    "key_refused": ("Ask your key custodian: the key must be registered, approved and in force at the portal.",
                    "請洽貴機構金鑰保管人：金鑰須於入口網站登錄、核准且有效。"),
    "quality_gate_failed": ("Correct the rows in the report where they come from, and run again.",
                            "請依報告於來源系統更正資料列後再執行。"),
    "not_the_owner": ("Leave out what is another institution's, and run again.",
                      "請移除屬於其他機構之資料後再執行。"),
    "too_large": ("Make the period shorter, and run again.", "請縮短資料期間後再執行。"),
    "not_allowed": ("Ask the platform administrator for this service's right.", "請洽平台管理員授予此服務之權限。"),
    "nothing_to_do": ("Let the folder hold the files that institution.json declares, and run again.",
                      "請使資料夾內之檔案與 institution.json 之申報一致後再執行。"),
    "not_found": ("Check the path, code or number that was given, and the portal's address.",
                  "請確認所給之路徑、代碼或編號，以及入口網站網址。"),
    "request_invalid": ("Install the kit's latest release: the portal speaks another version.",
                        "請安裝最新版工具：入口網站版本不同。"),
    "audit_broken": ("Stop, keep the file, and call the auditor.", "請停止作業、保留檔案並通知稽核人員。"),
    "submission_expired": ("Run `cleanroom upload` without --sealed-only: it seals anew.",
                           "請執行 cleanroom upload（不加 --sealed-only）以重新封裝。"),
    "key_service_denied": ("Ask your key custodian: the key service says no.",
                           "請洽貴機構金鑰保管人：金鑰服務拒絕使用。"),
    "store_fault": ("Check the path if one is named; else run again later: what was sent stays sent.",
                    "若訊息指出路徑，請先確認；否則請稍後重新執行，已傳送之部分將保留。"),
    "portal_fault": ("Run again later; if it lasts, check the portal's address and CLEANROOM_CA_FILE.",
                     "請稍後重新執行；若持續發生，請檢查入口網站網址與 CLEANROOM_CA_FILE。"),
    "service_fault": ("Run again; if it lasts, give the machine more memory.",
                      "請重新執行；若持續發生，請增加主機記憶體。"),
    "key_service_fault": ("Run again later.", "請稍後重新執行。"),
    "database_fault": ("Run again when the database answers.", "請於資料庫恢復後重新執行。"),
}  # fmt: skip


# Where the advice on the reason would send the person to the wrong place.
_DO_RULE: Mapping[str, tuple[str, str]] = {
    "conformance": ("Correct your program where the answers differ, and compare again.",
                    "請更正貴機構程式與公布答案不同之處後再比對。"),
    "period_overlap": ("Send the days after them, or replace what was accepted with --supersede.",
                       "請改送其後之日期，或以 --supersede 取代已接受之資料。"),
} | dict.fromkeys(
    ("key_ring_rights", "key_ring_owner", "key_ring_missing", "key_ring_unwrapped", "key_ring_wrapped", "key_custody",
     "key_context", "key_ring_damaged", "demo_keys"),
    ("Correct the key ring's custody or rights as said (docs/keys.md), and run again.",
     "請依訊息更正金鑰環之保管設定或權限（docs/keys.md）後再執行。"),
)  # fmt: skip


def language() -> str:
    """zh-hant or en."""
    named = os.environ.get("CLEANROOM_LANGUAGE")
    if named in (CHINESE, ENGLISH):
        return named
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return CHINESE if locale.lower().startswith("zh") else ENGLISH


def word(name: str, **values: object) -> str:
    return chosen(_WORDS[name]).format(**values)


def advice(error: CleanroomError) -> str:
    """What to do about a refusal or fault; empty where there is no advice but its own sentence."""
    both = _DO_RULE.get(error.rule or "") or _DO.get(error.reason)
    return chosen(both) if both else ""


def chosen(both: tuple[str, str]) -> str:
    return both[language() == CHINESE]

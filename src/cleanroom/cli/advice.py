"""What a refusal or fault is called, and what the person does now: for every reason of the family, in both languages.

One advice for each reason, fit for every command. Where a command's readers are sent to another place, their own table
goes before it: the participant's here (docs/kit.md holds it), the lookout's in `lookout_words`.
"""

from collections.abc import Mapping
from typing import Final

from cleanroom.cli.words import chosen
from cleanroom.errors import CleanroomError

# The reason in words: docs/line.md lists both, a Chinese line shows it beside the reason, which is English itself.
HEADINGS: Final[Mapping[str, tuple[str, str]]] = {
    "settings_invalid": ("a setting or option is missing or wrong", "設定或選項缺漏或有誤"),
    "malformed_rows": ("a file does not have the agreed form", "檔案不符約定格式"),
    "undeclared_encoding": ("another encoding than declared", "編碼與申報不符"),
    "unknown_institution": ("unknown institution", "機構不明"),
    "specification_not_in_force": ("specification not in force", "資料規格未施行"),
    "mou_not_in_force": ("memorandum not in force", "合作備忘錄未生效"),
    "manifest_malformed": ("a declaration or manifest is wrong", "申報檔或清單有誤"),
    "signature_refused": ("signature does not verify", "簽章驗證不符"),
    "content_tampered": ("content is not what was signed", "內容與簽章時不同"),
    "sequence_replayed": ("number used before", "序號重複"),
    "sequence_skipped": ("a number before it is missing", "缺少前一序號"),
    "canary_mismatch": ("test values differ", "測試值不符"),
    "key_refused": ("key refused", "金鑰不予採用"),
    "quality_gate_failed": ("data quality not met", "資料品質未達標準"),
    "not_the_owner": ("another institution's data", "非本機構資料"),
    "too_large": ("too large", "超過大小上限"),
    "gate_closed": ("the gate is shut", "閘門關閉"),
    "artefact_refused": ("not the released model", "非獲准發布之模型"),
    "not_allowed": ("not allowed", "不允許"),
    "policy_invalid": ("the policy is not valid", "政策檔無效"),
    "nothing_to_do": ("nothing to work on", "無可處理之資料"),
    "not_found": ("not found", "查無所指項目"),
    "request_invalid": ("not in the agreed form", "請求或文件不符約定格式"),
    "data_tests_failed": ("data tests failed", "資料檢驗未通過"),
    "audit_broken": ("the audit log does not hold", "稽核紀錄不完整"),
    "submission_expired": ("submission out of date", "上傳件逾期"),
    "key_service_denied": ("the key service says no", "金鑰服務拒絕"),
    "index_damaged": ("no usable index", "索引毀損或不存在"),
    "form_invalid": ("the check form cannot be taken", "查核表無法採用"),
    "store_fault": ("files or object store", "檔案或物件儲存異常"),
    "warehouse_fault": ("warehouse", "資料倉儲異常"),
    "portal_fault": ("portal", "入口網站異常"),
    "delivery_fault": ("delivery", "遞送異常"),
    "service_fault": ("a program does not run", "程式未運作"),
    "key_service_fault": ("key service", "金鑰服務異常"),
    "database_fault": ("the institution's database", "機構資料庫異常"),
    "report_fault": ("a report cannot be drawn", "報告無法產製"),
    "model_fault": ("language model", "語言模型異常"),
}

_DO: Final[Mapping[str, tuple[str, str]]] = {
    "settings_invalid": ("Correct the setting or option that is named, and run again.",
                         "請更正所指之設定或選項後再執行。"),
    "malformed_rows": ("Correct the file that is named where it comes from, and run again.",
                       "請於來源更正所指之檔案後再執行。"),
    "undeclared_encoding": ("Declare the file's real encoding in institution.json, and run again.",
                            "請於 institution.json 申報實際編碼後再執行。"),
    "unknown_institution": ("Check the institution's code; if it is right, ask the coordinator to register it.",
                            "請確認機構代碼；若無誤，請洽專案協調人登錄。"),
    "specification_not_in_force": ("Install the kit's latest release, and declare the specification in force.",
                                   "請安裝最新版工具，並申報施行中之資料規格版本。"),
    "mou_not_in_force": ("Ask your participation officer: the memorandum must be signed and in time.",
                         "請洽貴機構參與窗口：合作備忘錄須已簽署且在有效期間內。"),
    "manifest_malformed": ("Correct the file that is named, and run again.", "請更正所指之檔案後再執行。"),
    "signature_refused": ("Keep the file and call the auditor: somebody else signed it.",
                          "請保留檔案並通知稽核人員：此簽章並非應有之簽章。"),
    "content_tampered": ("Run again. If it comes back, call the coordinator: bytes change on the way.",
                         "請重新執行；若再發生，請通知專案協調人：資料於傳輸途中遭變更。"),
    "sequence_replayed": ("Look at `cleanroom status`; to replace accepted rows use --supersede.",
                          "請以 cleanroom status 查詢；如須取代已收件之資料，請使用 --supersede。"),
    "sequence_skipped": ("Send the number before it first: `cleanroom upload --sealed-only`.",
                         "請先傳送前一序號：cleanroom upload --sealed-only。"),
    "canary_mismatch": ("Stop. Compare the canaries with the key custodian: this is another key, or another kit.",
                        "請停止作業，並與金鑰保管人核對測試值：金鑰或工具版本不一致。"),
    "key_refused": ("Ask the key custodian: the key must be the one that is registered, approved and in force.",
                    "請洽金鑰保管人：金鑰須為已登錄、核准且有效者。"),
    "quality_gate_failed": ("Correct the rows in the report where they come from, and run again.",
                            "請依報告於來源系統更正資料列後再執行。"),
    "not_the_owner": ("Leave out what is another institution's, and run again.",
                      "請移除屬於其他機構之資料後再執行。"),
    "too_large": ("Make the period, file or question smaller, and run again.", "請縮小期間、檔案或查詢範圍後再執行。"),
    "gate_closed": ("Remedy every reason that is named at the portal; `cleanroom governance gate` says what is left.",
                    "請於入口網站逐項排除所列理由；尚餘事項可以 cleanroom governance gate 查詢。"),
    "artefact_refused": ("Restore the artefact that was released, or train, evaluate and release anew.",
                         "請還原獲准發布之模型檔，或重新訓練、評估並發布。"),
    "not_allowed": ("Do first what the sentence names, or let somebody do it whose role allows it.",
                    "請先完成訊息所指事項，或由具該權限者執行。"),
    "policy_invalid": ("Correct every place that is named; `cleanroom governance check-policy FILE` checks it again.",
                       "請更正所指各處，再以 cleanroom governance check-policy FILE 檢查。"),
    "nothing_to_do": ("Give a folder, file or period that holds something, or run the step before this one first.",
                      "請改給有資料之資料夾、檔案或期間，或先執行前一步驟。"),
    "not_found": ("Check the path, code, number or name that was given.", "請確認所給之路徑、代碼、編號或名稱。"),
    "request_invalid": ("Correct what is named; --help says what may be given.",
                        "請更正所指之項目；可用選項請見 --help。"),
    "data_tests_failed": ("Nothing was published. Correct the data behind the test that is named, and run again.",
                          "未發布任何結果。請更正所指檢驗之資料後再執行。"),
    "audit_broken": ("Stop, keep the file, and call the auditor.", "請停止作業、保留檔案並通知稽核人員。"),
    "submission_expired": ("Run `cleanroom upload` without --sealed-only: it seals anew.",
                           "請執行 cleanroom upload（不加 --sealed-only）以重新封裝。"),
    "key_service_denied": ("Ask your key custodian: the key service says no.",
                           "請洽貴機構金鑰保管人：金鑰服務拒絕使用。"),
    "index_damaged": ("Build the index anew from what the line published (docs/stations/lookout.md).",
                      "請以產線已發布之交易重建索引（docs/stations/lookout.md）。"),
    "form_invalid": ("Correct the cells that are named, or write the form anew: `cleanroom governance form write`.",
                     "請更正所指之儲存格，或以 cleanroom governance form write 重新產生查核表。"),
    "store_fault": ("Check the path if one is named, its rights and its disk; else run again later.",
                    "若訊息指出路徑，請確認該路徑、其權限與磁碟空間；否則請稍後重新執行。"),
    "warehouse_fault": ("Run again; if it lasts, check the warehouse's disk and rights, and who else has it open.",
                        "請重新執行；若持續發生，請檢查資料倉儲之磁碟、權限及是否另有程式開啟。"),
    "portal_fault": ("Run again later; if it lasts, check the portal's address and CLEANROOM_CA_FILE.",
                     "請稍後重新執行；若持續發生，請檢查入口網站網址與 CLEANROOM_CA_FILE。"),
    "delivery_fault": ("Run again later: what arrived is not sent twice. If it lasts, check the address at the portal.",
                       "請稍後重新執行，已送達者不會重送；若持續發生，請於入口網站檢查接收網址。"),
    "service_fault": ("Run again; if it lasts, give the machine more memory and look at the program's log.",
                      "請重新執行；若持續發生，請增加主機記憶體並查看該程式之紀錄檔。"),
    "key_service_fault": ("Run again later.", "請稍後重新執行。"),
    "database_fault": ("Run again when the database answers.", "請於資料庫恢復後重新執行。"),
    "report_fault": ("Install what is named (README.md lists it), and run again.",
                     "請安裝所指之程式庫或字型（見 README.md）後再執行。"),
    "model_fault": ("Run the same command again: it goes on. If it lasts, check the CLEANROOM_MODEL settings.",
                    "請重新執行同一指令即可接續；若持續發生，請檢查 CLEANROOM_MODEL 各項設定。"),
}  # fmt: skip

# For whoever seals, sends and looks: docs/kit.md tells these, and the ones above for the rest of their reasons.
_PARTICIPANT: Final[Mapping[str, tuple[str, str]]] = {
    "malformed_rows": ("Correct what the report names where it comes from, and run again.",
                       "請依報告於來源更正後再執行。"),
    "key_refused": ("Ask your key custodian: the key must be registered, approved and in force at the portal.",
                    "請洽貴機構金鑰保管人：金鑰須於入口網站登錄、核准且有效。"),
    "too_large": ("Make the period shorter, and run again.", "請縮短資料期間後再執行。"),
    "not_allowed": ("Ask the platform administrator for this service's right.", "請洽平台管理員授予此服務之權限。"),
    "nothing_to_do": ("Let the folder hold the files that institution.json declares, and run again.",
                      "請使資料夾內之檔案與 institution.json 之申報一致後再執行。"),
    "not_found": ("Check the path, code or number that was given, and the portal's address.",
                  "請確認所給之路徑、代碼或編號，以及入口網站網址。"),
    "request_invalid": ("Install the kit's latest release: the portal speaks another version.",
                        "請安裝最新版工具：入口網站版本不同。"),
    "store_fault": ("Check the path if one is named; else run again later: what was sent stays sent.",
                    "若訊息指出路徑，請先確認；否則請稍後重新執行，已傳送之部分將保留。"),
    "service_fault": ("Run again; if it lasts, give the machine more memory.",
                      "請重新執行；若持續發生，請增加主機記憶體。"),
}  # fmt: skip

# By which no command of a participant can end.
_OF_THE_ROOM = {"gate_closed", "artefact_refused", "policy_invalid", "data_tests_failed", "form_invalid"} | {
    "index_damaged", "model_fault", "report_fault", "warehouse_fault", "delivery_fault"}  # fmt: skip

# Where the advice on the reason would send the person to the wrong place.
BY_RULE: Final[Mapping[str, tuple[str, str]]] = {
    "certificate": ("Present the digest that is named, or ask without --certificate.",
                    "請改提出所指之雜湊值，或不加 --certificate 查詢。"),
    "file_missing": ("Put the file into the folder, or take it out of institution.json, and run again.",
                     "請將檔案放入資料夾，或自 institution.json 移除後再執行。"),
    "undeclared_folder": ("Write an institution.json into that subfolder, or take the subfolder away, and run again.",
                          "請於該子資料夾寫入 institution.json，或移除該子資料夾後再執行。"),
    "conformance": ("Correct your program where the answers differ, and compare again.",
                    "請更正貴機構程式與公布答案不同之處後再比對。"),
    "period_overlap": ("Send the days after them, or replace what was accepted with --supersede.",
                       "請改送其後之日期，或以 --supersede 取代已收件之資料。"),
    "epoch": ("Give the epoch that follows the one that is named.", "請給定所指期別之下一期。"),
    "key_challenge": ("Copy the challenge again, whole, from the portal's page of this very key.",
                      "請自入口網站該金鑰之頁面重新完整複製驗證問題。"),
    "key_unknown": ("Give the key's name as `keys propose` lists it; a first-hash key's as `keys canaries` does.",
                    "請依 keys propose 所列代號給定；一次雜湊金鑰之代號見 keys canaries。"),
    "recipient_form": ("Copy the whole recipient again, from age1 on (`keys show-room`, `keys init-participant`).",
                       "請重新完整複製收件公鑰：以 age1 開頭（見 keys show-room、keys init-participant）。"),
    "controls": ("Improve the drafter or record more cases as said, and grade the recording again.",
                 "請依所列理由改進草擬程式或增錄案例後，再行評分。"),
    "handle_count": ("Give the number that is named.", "請給定所指之把數。"),
    "envelope": ("Check that it is the right file, sealed to this key ring; else let its maker seal it again.",
                 "請確認檔案無誤且係封裝予本金鑰環；否則請產製者重新封裝。"),
    "path_taken": ("Name another path, or put away what lies there.", "請指定其他路徑，或移開現有項目。"),
    "scheme_in_use": ("To go over to this scheme give --after; else leave the key as it is.",
                      "如須改用此雜湊方式，請給定 --after；否則無須變更。"),
    "factor_owner": ("Give as --participant the institution that made the factor.",
                     "請以 --participant 給定產製該換算因子之機構。"),
    "path": ("Check the path that was given: that it is there, of the kind asked for, and open to this user.",
             "請確認所給路徑：是否存在、是否為所需之檔案或資料夾、目前使用者是否有權使用。"),
} | dict.fromkeys(
    ("key_ring_rights", "key_ring_owner", "key_ring_missing", "key_ring_unwrapped", "key_ring_wrapped", "key_custody",
     "key_context", "key_ring_damaged", "demo_keys"),
    ("Correct the key ring's custody or rights as said (docs/keys.md), and run again.",
     "請依訊息更正金鑰環之保管設定或權限（docs/keys.md）後再執行。"),
)  # fmt: skip


def heading(error: CleanroomError) -> str:
    return chosen(HEADINGS[error.reason])


def advice(error: CleanroomError) -> str:
    """What to do about a refusal or fault, whichever command it ends."""
    return chosen(BY_RULE.get(error.rule or "") or _DO[error.reason])


def participants_advice(error: CleanroomError) -> str:
    """The same for a command of an institution's own side."""
    if error.rule in BY_RULE:
        return advice(error)
    return chosen(for_participants().get(error.reason) or _DO[error.reason])


def for_participants() -> Mapping[str, tuple[str, str]]:
    """What docs/kit.md tells, by reason."""
    return {reason: _PARTICIPANT.get(reason, both) for reason, both in _DO.items() if reason not in _OF_THE_ROOM}

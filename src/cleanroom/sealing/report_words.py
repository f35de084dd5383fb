"""The words of the spreadsheet report that do not depend on a rule, in both languages."""

from collections.abc import Mapping, Sequence

from cleanroom.sealing.findings import Finding
from cleanroom.settings import CHINESE, ENGLISH

TITLE: Mapping[str, str] = {CHINESE: "檔案檢核報告", ENGLISH: "Report on the file's checks"}
SUMMARY: Mapping[str, str] = {CHINESE: "摘要", ENGLISH: "Summary"}
ROWS: Mapping[str, str] = {CHINESE: "資料列", ENGLISH: "Rows"}
ROWS_READ: Mapping[str, str] = {
    CHINESE: "讀入列數（欄名下首列為第 1 列）",
    ENGLISH: "Rows read (row 1 follows the header)",
}
FACTS: Mapping[str, tuple[str, ...]] = {
    CHINESE: ("結論", "檔案", "資料集", "期間"),
    ENGLISH: ("Verdict", "File", "Dataset", "Period"),
}
SUMMARY_HEADINGS: Mapping[str, tuple[str, ...]] = {
    CHINESE: ("規則", "說明", "欄位", "程度", "列數", "最前數列", "處理方式", "內容舉例"),
    ENGLISH: ("Rule", "What it asks", "Column", "Severity", "Rows", "First rows", "What to do", "Examples"),
}
ROWS_HEADINGS: Mapping[str, tuple[str, ...]] = {
    CHINESE: ("規則", "列號", "欄位", "內容"),
    ENGLISH: ("Rule", "Row", "Column", "Value"),
}
SEVERITY: Mapping[str, Mapping[str, str]] = {
    CHINESE: {"fail": "須更正", "warn": "提醒"},
    ENGLISH: {"fail": "must be corrected", "warn": "warning"},
}


def verdict(passed: bool, found: Sequence[Finding], language: str) -> str:
    """One sentence: whether the file passed, and how many rules say what."""
    failed = sum(f.severity == "fail" for f in found)
    warned = len(found) - failed
    if language == CHINESE:
        return (
            f"通過，有 {warned} 項提醒。" if passed else f"未通過：{failed} 項須更正，{warned} 項提醒。此檔案未上傳。"
        )
    if passed:
        return f"Passed, with {_counted(warned, 'warning')}."
    rules = _counted(failed, "rule")
    return f"Refused: {rules} broken, {_counted(warned, 'warning')}. Nothing of this file was uploaded."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

"""Values that stand in files, as a person reads them: in English as they are, in Chinese by the glossary's word.

Scenarios and typologies have the labels of the results' page.
"""

from collections.abc import Mapping
from typing import Final

from cleanroom.cli.words import told
from cleanroom.governance.reports.words import Words
from cleanroom.vocabulary.terms import AnswerKind, ReleaseState, Role

# docs/glossary.md has the same words; a test compares them.
CHINESE_NAMES: Final[Mapping[str, str]] = {
    Role.COORDINATOR: "專案協調人",
    Role.PARTICIPANT_OFFICER: "參與機構專責人員",
    Role.DATA_STEWARD: "資料管理人",
    Role.ANALYST: "分析人員",
    Role.MODEL_DEVELOPER: "模型開發人員",
    Role.GOVERNANCE_REVIEWER: "治理審查人",
    Role.GOVERNANCE_APPROVER: "治理核可人",
    Role.KEY_CUSTODIAN: "金鑰保管人",
    Role.OUTPUT_CHECKER: "輸出檢查人",
    Role.AUDITOR: "稽核",
    Role.PLATFORM_ADMINISTRATOR: "平台管理員",
    AnswerKind.RECEIVED: "已收悉",
    AnswerKind.REVIEWING: "查證中",
    AnswerKind.CONTROLLED: "已管制",
    AnswerKind.DISMISSED: "排除",
    ReleaseState.DRAFT: "草稿",
    ReleaseState.EVALUATED: "已評估",
    ReleaseState.SUBMITTED: "送審",
    ReleaseState.APPROVED: "核可",
    ReleaseState.RELEASED: "放行",
    ReleaseState.SUSPENDED: "暫停",
    ReleaseState.RETIRED: "退役",
}
# What the vocabulary does not hold: stations, legs, an absent answer, the standing of a key.
_OTHERS: Final[Mapping[str, str]] = {
    "sealing": "封裝",
    "intake": "匯入",
    "moneyflow": "金流",
    "scoring": "評分",
    "dispatch": "預警派送",
    "evaluation": "成效",
    "own": "同一機構",
    "matched": "兩端相符",
    "unmatched": "僅有一端",
    "disagreeing": "兩端不一致",
    "not_expected": "無須另一端",
    "unanswered": "未回覆",
    "proposed": "已提出",
    "active": "有效",
    "replaced": "已換新",
    "revoked": "已撤銷",
}


def name_of(value: str) -> str:
    """A value without a name stands for itself."""
    return told(value, CHINESE_NAMES.get(value) or _OTHERS.get(value, value))


def scenario_name(value: str) -> str:
    return told(value, _label("names", value))


def typology_name(value: str) -> str:
    return told(value, _label("typologies", value))


def _label(group: str, value: str) -> str:
    return Words("zh_hant", "cleanroom.results").of(group, value)

"""Values that stand in files, as a person reads them: in English as words, in Chinese by the glossary's word.

Scenarios and typologies have the labels of the results' page.
"""

from collections.abc import Mapping
from typing import Final

from cleanroom.cli.words import chosen, language, told
from cleanroom.settings import CHINESE
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

# What a step of the room tells beside its rows; release and control ids stand for themselves.
_DETAILS: Final[Mapping[str, tuple[str, str]]] = {
    "landed": ("landed", "已匯入"),
    "unchanged": ("unchanged", "無異動"),
    "transfers": ("transfers", "交易數"),
    "watch_listed": ("watch-listed accounts", "警示帳戶數"),
    "accounts": ("accounts", "帳戶數"),
    "rows_landed": ("rows landed", "匯入列數"),
    "legs_own": ("legs, own", "同一機構之交易"),
    "legs_matched": ("legs, matched", "兩端相符之交易"),
    "legs_unmatched": ("legs, unmatched", "僅有一端之交易"),
    "legs_disagreeing": ("legs, disagreeing", "兩端不一致之交易"),
    "legs_not_expected": ("legs, not expected", "無須另一端之交易"),
    "layers": ("layers built", "建立之層"),
    "walks": ("walks", "金流路徑組數"),
    "walks_changed": ("walks that changed", "異動之路徑組數"),
    **{f"seconds_layer_{n}": (f"seconds for layer {n}", f"第 {n} 層秒數") for n in range(7)},
    "artefact": ("artefact", "模型檔雜湊值"),
    "kept": ("kept as it was", "沿用原有"),
    "candidate": ("candidate", "候選模型"),
    "as_of": ("as of", "截止時點"),
    "cut_offs": ("cut-offs", "截止時點數"),
    "replayed_cut_offs": ("cut-offs replayed", "重演之截止時點數"),
    "listed_later": ("listed later", "其後警示"),
    "features": ("features", "特徵數"),
    "release_id": ("release", "發布"),
    "state": ("state", "狀態"),
    "lacks": ("controls not met", "未通過之控制措施"),
    "tier": ("tier", "風險等級"),
    "risk_score": ("risk score", "風險分數"),
    "controls_pass": ("controls met", "通過之控制措施數"),
    "controls_fail": ("controls not met", "不通過之控制措施數"),
    "controls_warn": ("controls with a warning", "提醒之控制措施數"),
    "controls_not_measurable": ("controls not measurable", "無法量測之控制措施數"),
    "controls_waived": ("controls waived", "豁免之控制措施數"),
    "mode": ("mode", "模式"),
    "gate": ("gate", "閘門"),
    "suspended": ("suspended", "已暫停"),
    "psi_score": ("drift of the scores (PSI)", "分數偏移（PSI）"),
    "in_shadow": ("scored in shadow beside it", "並以影子模式評分"),
    "sent": ("sent", "已傳送"),
    "mule": ("on mule accounts", "人頭帳戶預警"),
    "care": ("care notices", "關懷通知"),
    "accepted": ("accepted", "已收件"),
    "known": ("known already", "先前已有"),
    "unroutable": ("to nobody here", "無接收機構"),
    "held": ("held back", "暫緩"),
    "capped": ("over the capacity", "超過容量"),
    "listings": ("watch-listings", "警示件數"),
    "reported_twd": ("reported (TWD)", "通報損失（元）"),
    "blocked_own_bank_twd": ("blocked, own bank alone (TWD)", "各行單獨攔阻（元）"),
    "blocked_realtime_twd": ("blocked, shared graph in real time (TWD)", "共享金流圖即時攔阻（元）"),
    "extra_twd": ("extra (TWD)", "增加金額（元）"),
    "extra_accounts": ("extra accounts", "增加戶數"),
    "precision": ("precision", "精確率"),
    "recall": ("recall", "召回率"),
}
_MODES: Final[Mapping[str, tuple[str, str]]] = {
    "full": ("all anew", "全部重建"),
    "released": ("released", "放行"),
    "shadow": ("shadow", "影子模式"),
}


def detail_line(name: str, value: object) -> str:
    """One fact that a step tells; a name that nobody translated stands as it is."""
    label, value = chosen(_DETAILS.get(name, (name, name))), _value(value)
    return told(f"{label}: {value}", f"{label}：{value}")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return told("yes", "是") if value else told("no", "否")
    if isinstance(value, str):
        return chosen(_MODES[value]) if value in _MODES else name_of(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def name_of(value: str) -> str:
    """A value without a name stands for itself."""
    chinese = CHINESE_NAMES.get(value) or _OTHERS.get(value)
    return value if chinese is None else told(value.replace("_", " "), chinese)


def scenario_name(value: str) -> str:
    return _label("names", value)


def typology_name(value: str) -> str:
    return _label("typologies", value)


def _label(group: str, value: str) -> str:
    from cleanroom.governance.reports.words import Words  # and with it YAML, which few commands need

    return Words("zh_hant" if language() == CHINESE else "en", "cleanroom.results").of(group, value)

"""The sentences of the governance commands, in both languages."""

from collections.abc import Mapping

from cleanroom.cli.words import chosen

_WORDS: Mapping[str, tuple[str, str]] = {
    "open": ("Open: certificate {certificate}, until {until}.", "開放：憑證 {certificate}，有效至 {until}。"),
    "valid": (
        "{file} is a valid policy: version {version}, {controls} controls, digest {digest}.",
        "{file} 為有效政策：版本 {version}，控制措施 {controls} 項，雜湊值 {digest}。",
    ),
    "version_taken": (
        "Its content is not that of the policy in force, which has the same version {version}; give it another one.",
        "其內容與同版本 {version} 之現行政策不同；請改用其他版本名稱。",
    ),
    "replayed": (
        "Policy {before} -> {after}. Releases replayed: {replayed}; changed: {changed}; verdict changed: {verdicts}.",
        "政策 {before} → {after}：重演 {replayed} 次發布，{changed} 次有異動，其中 {verdicts} 次判定改變。",
    ),
    "nothing": ("Nothing would have been decided otherwise.", "無任何判定因此改變。"),
    "older_waiver": (
        "{release}, {control} {metric}: the waiver was granted while this figure was met; whoever granted it did not "
        "know that it would not be.",
        "{release}，{control} {metric}：核准豁免時此指標通過；核准人當時不知其將不通過。",
    ),
    "release": ("release", "發布"),
    "decided": ("decided", "判定時間"),
    "verdict": ("verdict", "判定"),
    "tier": ("tier", "風險等級"),
    "missing": ("sign-offs that would be missing", "將缺少之簽核"),
    "control": ("control", "控制措施"),
    "value": ("figure (95 % interval)", "數值（95 % 信賴區間）"),
    "outcome": ("outcome", "結果"),
    "limit": ("limit", "門檻"),
    "why": ("why, beside controls", "控制措施以外之理由"),
    "verdict_open": ("open", "開放"),
    "verdict_shut": ("shut", "關閉"),
    "verdict_unjudgeable": ("cannot be judged", "無法判定"),
    "outcome_pass": ("met", "通過"),
    "outcome_fail": ("not met", "不通過"),
    "outcome_warn": ("warning", "提醒"),
    "outcome_not_measurable": ("not measurable", "無法量測"),
    "outcome_waived": ("waived", "豁免"),
    "outcome_none": ("not asked", "不適用"),
    "drilled": (
        "The gate was shut {seconds:.1f} s after the order. It is in the audit log; another person lifts the stop.",
        "命令下達後 {seconds:.1f} 秒，閘門關閉；已記入稽核軌跡。緊急停止須由另一人解除。",
    ),
    "order_now": (
        "Order the emergency stop in the portal now; the gate is watched for {patience:.0f} s.",
        "請即於入口網站下達緊急停止；閘門將監看 {patience:.0f} 秒。",
    ),
    "scanned": (
        "Scanner's report of {day} kept: {packages} packages, {critical} critical findings, digest {digest}.",
        "已收存 {day} 之掃描報告：套件 {packages} 個，重大弱點 {critical} 項，雜湊值 {digest}。",
    ),
    "stays": ("The release {release} stays in force.", "發布 {release} 維持有效。"),
    "suspended": ("The release {release} was suspended: {why}", "發布 {release} 已暫停：{why}"),
    "none_out": ("No release is in force.", "目前無有效發布。"),
    "packed_open": (
        "{release}: by its record the gate is open until {until}; written to {file}",
        "{release}：依其紀錄，閘門開放至 {until}；已寫入 {file}",
    ),
    "packed_shut": (
        "{release}: by its record the gate is shut; written to {file}",
        "{release}：依其紀錄，閘門關閉；已寫入 {file}",
    ),
    "no_key": (
        "Name the clean room's signing key with --room-key=KEY. Its custodian reads it out (`cleanroom keys "
        "show-room`); the portal shows it on the page “The clean room's keys”.",
        "請以 --room-key=KEY 給定無塵室簽章公鑰；可向金鑰保管人取得（cleanroom keys show-room），"
        "或見入口網站之無塵室金鑰頁面。",
    ),
    "written": ("Written to {file}", "已寫入 {file}"),
    "documents": ("Documents read: {count}; written to {file}", "讀取文件 {count} 份；已寫入 {file}"),
    "supplier_scoring": ("scoring", "評分站"),
    "supplier_room": ("the room", "無塵室"),
    "supplier_answers": ("the owner", "負責人"),
    "supplier_record": ("the record", "發布紀錄"),
    "supplier_operation": ("operation", "營運"),
    "supplier_transcripts": ("transcripts", "對話紀錄"),
    "no_shadow": ("No model has scored in the shadow yet.", "尚無模型進行影子運行。"),
    "shadow_bound": (
        "Counts are of accounts, not of warnings. Listings come late, so each share is a lower bound; what the shadow "
        "noticed nobody was told.",
        "數量均以帳戶計，非通報件數。列警示較晚發生，占比為下限；影子運行所指帳戶未通報任何機構。",
    ),
    "role": ("mode", "模式"),
    "role_shadow": ("shadow", "影子"),
    "role_released": ("released, warned", "已發布，已通報"),
    "days": ("days of data / needed", "資料日數／所需"),
    "period": ("from – to", "起迄"),
    "noticed": ("accounts that would be warned of, or were", "將通報或已通報之帳戶數"),
    "listed_since": ("listed since", "其後列警示"),
    "precision": ("share listed (95 %)", "列警示占比（95 %）"),
    "metric": ("metric", "指標"),
    "supplier": ("supplier", "提供者"),
    "source": ("computed from", "計算來源"),
    "meaning": ("what it is", "內容"),
}


def word(name: str, **values: object) -> str:
    return chosen(_WORDS[name]).format(**values)

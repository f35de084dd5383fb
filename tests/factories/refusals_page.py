"""docs/refusals.md, made from the catalogue of attacks: `python -m tests.factories.refusals_page`."""

import os
from itertools import groupby
from pathlib import Path

import yaml

from cleanroom.errors import CleanroomError
from tests.factories.attacks import Listed, Side, catalogue

PAGE = Path(__file__).resolve().parents[2] / "docs" / "refusals.md"
WORDS = yaml.safe_load(Path(__file__).with_name("refusals_advice.yaml").read_text(encoding="utf-8"))

_HEAD = """\
# Attacks, accidents and what comes of them 攻擊、意外與結果

Made from the tests by `python -m tests.factories.refusals_page`; do not edit. Each line is an attack or an accident
that a test carries out. The test asserts the reason, the rule and the audit event that stand here, that nothing landed
and that nothing is left behind.
本頁由測試產生，請勿手改。每一行都是測試實際執行的攻擊或意外，並驗證原因、規則、稽核事件，且未入庫、無殘留。

The exit code is that of the command; in a DAG the task fails, without retry for a refusal. The sentence that a person
reads names file, row and column where there are any and ends with the rule in brackets; it never shows an identifier,
a token or a key. What to do stands in the last table, by reason.
結束碼為指令之結束碼；訊息指出檔案、列、欄與規則，不含識別碼、代碼或金鑰。該做什麼，見最後一表。
"""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
    import django

    django.setup()  # the portal's cases stand in modules that import its models
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    listed = catalogue()
    parts = [_HEAD, f"{len(listed)} cases.\n"]
    for side, entries in groupby(listed, key=lambda entry: entry.attack.side):
        parts.append(_table(side, list(entries)))
    parts.append(_advice(sorted({e.attack.refused for e in listed if e.attack.refused}, key=lambda k: k.exit_code)))
    return "\n".join(parts)


def _table(side: Side, entries: list[Listed]) -> str:
    head = (
        f"## {WORDS['sides'][side]}\n\n"
        "| attack 攻擊或意外 | reason 原因 | rule 規則 | exit 結束碼 | audit event 稽核事件 | test 測試 |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(_row(entry) for entry in entries)


def _row(entry: Listed) -> str:
    case = entry.attack
    done = f"**{case.name}**: {case.done}<br>{case.done_zh}"
    test = f"[`{entry.test}`](../{entry.file})"
    if case.refused is None:
        return f"| {done} | {case.outcome}<br>{case.outcome_zh} | - | 0 | - | {test} |\n"
    reason = f"[`{case.refused.reason}`](#{_anchor(case.refused)})"
    verb = f"`{case.verb}`" if case.verb else "-"
    return f"| {done} | {reason} | `{case.rule}` | {case.refused.exit_code} | {verb} | {test} |\n"


def _advice(kinds: list[type[CleanroomError]]) -> str:
    head = (
        "## What the person reads and does 使用者看到什麼、該做什麼\n\n"
        "| reason 原因 | exit 結束碼 | English | 中文 |\n| --- | --- | --- | --- |\n"
    )
    return head + "".join(_advice_row(kind) for kind in kinds)


def _advice_row(kind: type[CleanroomError]) -> str:
    words = WORDS["reasons"][kind.reason]
    return f'| <a id="{_anchor(kind)}"></a>`{kind.reason}` | {kind.exit_code} | {words["en"]} | {words["zh"]} |\n'


def _anchor(kind: type[CleanroomError]) -> str:
    return kind.reason.replace("_", "-")


if __name__ == "__main__":
    main()

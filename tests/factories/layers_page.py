"""docs/layers.md, made from the cases of tests/spec/moneyflow: `python -m tests.factories.layers_page`."""

from pathlib import Path

from cleanroom.moneyflow.reference import TaintMethod, follow, proposed_for_release, reported_money
from tests.factories.drawing import clock, dollars, lines_of
from tests.factories.layers_pictures import picture, taint_picture
from tests.spec.moneyflow.cases import CLAUSES
from tests.spec.moneyflow.cases.form import Case, Clause, TaintCase
from tests.spec.moneyflow.engines import Answer, ask_reference
from tests.spec.moneyflow.questions import ANSWERED_BY, NOT_ASKED, ZH, Engine, Question, engines_for, taint_question

PAGE = Path(__file__).resolve().parents[2] / "docs" / "layers.md"

_HEAD = """\
# Layers and taint 層與贓款追蹤

Made from the cases in `tests/spec/moneyflow/cases` by `python -m tests.factories.layers_page`; do not edit. Every
answer below was computed by the reference (`src/cleanroom/moneyflow/reference/`) when this page was made, a person
wrote it down before, and the engines named with it are asked the same in every run of the tests. They are also asked
random flows, thousands of them where the tests are run thoroughly, and must agree in every account, layer, moment,
start, path, hub and cent.

本頁由測試案例產生，請勿手改。警示帳戶之款項沿交易逐層外推：恰好 k 筆交易可達者為第 k 層。以下逐條說明規則，每條附案例：
繪出之交易、圖、答案，以及給出同一答案之引擎。答案由參考實作計算，並與人工事先寫下者相符；各引擎於每次測試中均須答出相同結果，
另以隨機金流互相比對，帳戶、層、時刻、起點、路徑、樞紐與金額（至分）均須一致。

In a drawing each line is a transfer: sender, receiver, time of day (UTC, on day 1 unless a day is named), dollars where
they matter. Transfers are called t1, t2 and so on unless a name stands in front. W is watch-listed unless said
otherwise. In a picture a number under an account is a layer; a start is round, a hub six-sided.
圖示：每行一筆交易（付款者、收款者、時刻、金額），依序稱 t1、t2；圖中帳戶下之數字為層，圓形為起點，六角形為樞紐。

The rule of a walk is `WalkRule` in `src/cleanroom/moneyflow/rules.py`. What the rule left open and how it was decided
stands in [ADR 92](adr/0092-what-a-walk-may-do.md).
"""


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    return "\n".join([_HEAD, _engines(), *(_clause(clause) for clause in CLAUSES)])


def _engines() -> str:
    rows = [
        "## Which engine answers what 各引擎可答之問題\n",
        "`duckdb` and `bigquery` are the dbt project on either; `online` is the lookout.\n",
        f"| question 問題 | {' | '.join(Engine)} | why not 未答之由 |",
        f"| --- |{' --- |' * len(Engine)} --- |",
        *(_engine_row(question) for question in Question),
    ]
    return "\n".join(rows) + "\n"


def _engine_row(question: Question) -> str:
    given = " | ".join("yes" if engine in ANSWERED_BY[question] else "-" for engine in Engine)
    why = "; ".join(reason for (asked, _), reason in NOT_ASKED.items() if asked is question)
    return f"| {question} {ZH[question]} | {given} | {why} |"


def _clause(clause: Clause) -> str:
    head = f"## {clause.title.en} {clause.title.zh}\n\n{clause.sentence.en}\n\n{clause.sentence.zh}\n"
    return "\n".join([head, *(_case(case) for case in clause.cases)])


def _case(case: Case | TaintCase) -> str:
    parts = [f"### {case.words.en}\n", f"{case.words.zh}\n", _fenced("", case.drawing)]
    parts += _taint_case(case) if isinstance(case, TaintCase) else _walk_case(case)
    return "\n".join(parts)


def _walk_case(case: Case) -> list[str]:
    (answer,) = ask_reference([case.asked])
    ties = [_fenced("", case.ties)] if case.ties else []
    return [
        *ties,
        f"Asked: {_asked(case)}.\n",
        _fenced("mermaid", picture(case, answer)),
        _answer(answer),
        _given_by(case.questions),
    ]


def _asked(case: Case) -> str:
    rule = case.rule
    starts = ", ".join(f"{account} from {clock(at)}" for account, at in case.begins.items())
    said = [
        starts,
        str(rule.direction),
        *([] if rule.in_time else ["without order of time"]),
        *([f"{rule.layers} layers"] if rule.layers < 6 else []),
        *([f"delay {rule.max_delay}"] if rule.max_delay else []),
        *([f"hub limit {rule.hub_limit}"] if rule.hub_limit else []),
        *([f"keep the {rule.keep_latest} latest"] if rule.keep_latest else []),
        *([f"after {clock(rule.after)}"] if rule.after else []),
        *([f"before {clock(rule.before)}"] if rule.before else []),
        *([f"identifiers of at most {case.link_limit} accounts"] if case.ties else []),
    ]
    return "; ".join(said)


def _answer(answer: Answer) -> str:
    rows = []
    for way, expansion in answer.items():
        side = f"{way}: " if len(answer) > 1 else ""
        found = sorted((a for a in expansion.arrivals.values() if a.layer), key=lambda a: (a.layer, a.account))
        rows += [f"| {side}{a.account} | {a.layer} | {clock(a.at)} | {a.start}: {' '.join(a.path)} |" for a in found]
        rows += [f"| {side}{account} | - | - | a hub, not passed |" for account in sorted(expansion.hubs)]
        rows += [f"| {side}{account} | - | - | truncated |" for account in sorted(expansion.truncated)]
    if not rows:
        return "No account is reached.\n"
    head = ["| account 帳戶 | layer 層 | at 時刻 | explained by 路徑 |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"


def _taint_case(case: TaintCase) -> list[str]:
    reported = "; ".join(
        f"{one.account} listed {clock(one.listed_at)}, {dollars(one.reported_cents)} reported" for one in case.reports
    )
    return [
        f"{reported}.\n",
        _fenced("mermaid", taint_picture(case)),
        _cents(case),
        *([_released(case)] if case.lifted else []),
        _given_by(frozenset(taint_question(TaintMethod(method)) for method in case.answer)),
    ]


def _cents(case: TaintCase) -> str:
    transfers = case.flow.carried()
    rows = [
        "| method 方法 | account 帳戶 | came 流入 | is there 尚存 | first of it by 路徑 |",
        "| --- | --- | --- | --- | --- |",
    ]
    for method in case.answer:
        found = follow(transfers, reported_money(transfers, case.reports), TaintMethod(method))
        rows += [
            f"| {method} | {account} | {dollars(cents)} | {dollars(found.held.get(account, 0))}"
            f" | {' '.join(found.path[account])} |"
            for account, cents in sorted(found.received.items())
        ]
    return "\n".join(rows) + "\n"


def _released(case: TaintCase) -> str:
    transfers = case.flow.carried()
    injections = reported_money(transfers, case.reports)
    lifted = case.lifted.split()
    released = {
        method: sorted(proposed_for_release(transfers, injections, lifted, TaintMethod(method)))
        for method in case.answer
    }
    said = "; ".join(f"by {method} {', '.join(accounts)}" for method, accounts in released.items())
    return f"Lifted: {', '.join(lifted)}. Proposed for release: {said}.\n"


def _given_by(questions: frozenset[Question]) -> str:
    return f"Given by: {', '.join(engines_for(questions))}.\n"


def _fenced(language: str, text: str) -> str:
    return "\n".join([f"```{language}", *(lines_of(text) if not language else text.splitlines()), "```\n"])


if __name__ == "__main__":
    main()

"""What a rehearsal came to, as a person reads it: three tables and a few sentences."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from cleanroom.cli.value_names import detail_line, name_of, scenario_name
from cleanroom.cli.words import chosen, told


def show_summary(summary: Mapping[str, Any], console: Console) -> None:
    console.print()
    console.print(_station_table(summary))
    console.print(_warning_table(summary))
    if summary["blocked"]:
        console.print(_blocked_table(summary))
    for sentence in _sentences(summary):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _station_table(summary: Mapping[str, Any]) -> Table:
    names = told("station", "站別"), told("rows", "列數"), told("seconds", "秒數")
    table = Table(*names, title=told("The line", "資料流程"), title_justify="left")
    for station in summary["stations"]:
        table.add_row(name_of(station["name"]), f"{station['rows']:,}", f"{station['seconds']:.1f}")
    return table


def _warning_table(summary: Mapping[str, Any]) -> Table:
    names = told("institution", "機構"), told("warnings", "預警數")
    table = Table(*names, title=told("Warnings", "預警"), title_justify="left")
    for code, count in summary["warnings"].items():
        table.add_row(code, f"{count:,}")
    return table


def _blocked_table(summary: Mapping[str, Any]) -> Table:
    names = (
        ("money (TWD)", "金額（元）"),
        ("accounts", "帳戶數"),
        ("extra money", "增加金額"),
        ("extra accounts", "增加戶數"),
    )
    title = told("Blocked, and extra against each bank alone", "攔阻成效，及較各行單獨之增加")
    first = Column(told("scenario", "情境"), no_wrap=True)
    table = Table(first, *map(chosen, names), title=title, title_justify="left")
    for name, figures in summary["blocked"].items():
        extra = (figures["extra_money_twd"], figures["extra_accounts"])
        table.add_row(scenario_name(name), f"{figures['money_twd']:,.0f}", f"{figures['accounts']:,}",
                      *("" if n is None else f"{n:+,.0f}" for n in extra))  # fmt: skip
    return table


def _sentences(summary: Mapping[str, Any]) -> list[str]:
    return [_transfers(summary), _listed(summary), _release(summary), *_left(summary), _answers(summary),
            _judged(summary), _memory(summary)]  # fmt: skip


def _transfers(summary: Mapping[str, Any]) -> str:
    transfers, rows = summary["transfers"], summary["rows_uploaded"]
    english, chinese = _legs(summary["legs"])
    return told(f"{transfers:,} distinct transfers from {rows:,} uploaded rows ({english})",
                f"上傳 {rows:,} 列，合為 {transfers:,} 筆交易（{chinese}）")  # fmt: skip


def _legs(legs: Mapping[str, int | None]) -> tuple[str, str]:
    """Transfers by state; those not expected to have another end are some of the unmatched."""
    known = {name: n for name, n in legs.items() if n is not None}
    apart = known.pop("not_expected", None)
    english = {name: f"{n:,} {name}" for name, n in known.items()}
    chinese = {name: f"{name_of(name)} {n:,}" for name, n in known.items()}
    if apart is not None and "unmatched" in known:
        english["unmatched"] += f" (of which {apart:,} not expected)"
        chinese["unmatched"] += f"（其中 {apart:,} 筆無須另一端）"
    return ", ".join(english.values()), "、".join(chinese.values())


def _listed(summary: Mapping[str, Any]) -> str:
    listed, accounts = summary["watch_listed"], summary["accounts"]
    return told(f"{listed:,} watch-listed among {accounts:,} accounts", f"{accounts:,} 個帳戶中警示 {listed:,} 個")


def _release(summary: Mapping[str, Any]) -> str:
    release = summary["release"]
    name, tier, signed = release["release_id"], release["tier"], release["sign_offs"]
    waived = ", ".join(release["waived"]) or told("none", "無")
    return told(f"release {name}, tier {tier}: {signed} sign-offs; waived: {waived}",
                f"發布 {name}，風險等級 {tier}：簽核 {signed} 人；例外核准：{waived}")  # fmt: skip


def _left(summary: Mapping[str, Any]) -> list[str]:
    """Why dispatch has more rows than warnings were sent."""
    steps = [step for s in summary["stations"] if s["name"] == "dispatch" for step in s["steps"]]
    if not steps:
        return []
    step = steps[-1]
    left = [(name, step["detail"].get(name) or 0) for name in ("known", "unroutable", "held", "capped")]
    others = told(", ", "、").join(detail_line(name, n) for name, n in left if n) or told("none", "無")
    rows, sent = step["rows"], step["detail"].get("sent", 0)
    return [told(f"dispatch: {rows:,} warnings due, {sent:,} sent; the others: {others}",
                 f"預警派送：應派送 {rows:,} 件，送出 {sent:,} 件；其餘：{others}")]  # fmt: skip


def _answers(summary: Mapping[str, Any]) -> str:
    given = told(", ", "、").join(f"{n:,} {name_of(name)}" for name, n in summary["answers"].items())
    none = told("none", "無")
    return told(f"answers: {given or none}", f"回覆：{given or none}")


def _judged(summary: Mapping[str, Any]) -> str:
    if summary["precision"] is None:
        return told(
            "precision and recall: not known (the data holds no truth)", "精確率與召回率：未知（資料無真實答案）"
        )
    precision, recall = summary["precision"], summary["recall"]
    return told(f"precision {precision:.3f}, recall {recall:.3f} (against the known truth)",
                f"精確率 {precision:.3f}，召回率 {recall:.3f}（依真實答案）")  # fmt: skip


def _memory(summary: Mapping[str, Any]) -> str:
    peak = summary["peak_rss_bytes"] / 1e9
    return told(f"peak memory of all programs: {peak:.2f} GB", f"全部程式記憶體峰值：{peak:.2f} GB")

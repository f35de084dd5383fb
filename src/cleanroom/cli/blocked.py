"""`cleanroom blocked`: how much more money and how many more accounts are blocked together, as tables and as files."""

import argparse
import json
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from rich.box import SIMPLE
from rich.table import Column, Table

from cleanroom.cli.common import add_json, command, out, print_line, say
from cleanroom.cli.paths import InFile, InFolder, OutFolder, make_now
from cleanroom.cli.value_names import scenario_name
from cleanroom.cli.waiting import Say, waiting
from cleanroom.cli.words import told
from cleanroom.settings import RoomSettings
from cleanroom.vocabulary.terms import Scenario


def add_blocked(commands) -> None:
    blocked = command(
        commands, "blocked", _blocked, "how much more is blocked together, by notice delay; with a report",
        "依通報延遲計算聯防可多攔阻若干，並產製報告",
    )  # fmt: skip
    add_source(blocked)
    blocked.add_argument("--report", type=OutFolder, metavar="DIR", help=told(
        "write figures, table, chart, HTML and PDF there", "將數據、表格、圖表、HTML 與 PDF 寫入此資料夾"))  # fmt: skip
    add_json(blocked)


def add_source(parser: argparse.ArgumentParser) -> None:
    """Which data is asked: the room in CLEANROOM_HOME, or a folder of files."""
    parser.add_argument("--data", type=InFolder, metavar="DIR", help=told(
        "a folder in the data specification's form, instead of the room's",
        "符合資料規格之資料夾，以代無塵室之資料"))  # fmt: skip
    parser.add_argument("--truth", type=InFile, metavar="FILE", help=told(
        "with --data: CSV institution,account,pattern,typology (default: truth/accounts.csv of the folder, if any)",
        "併用 --data：真實答案 CSV institution,account,pattern,typology"
        "（預設為該資料夾之 truth/accounts.csv）"))  # fmt: skip
    parser.add_argument("--delay", type=_hours, metavar="HOURS", help=told(
        "hours from notice to control", "通報至管制之小時數"))  # fmt: skip


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 24 * 30:
        raise argparse.ArgumentTypeError(told("a delay is a number of hours from 0 to 720", "延遲為 0 至 720 之小時數"))
    return hours


def bench_of(options: argparse.Namespace, say: Say) -> AbstractContextManager:
    """The opened data that the options name."""
    from cleanroom.pipeline.blocked import folder_bench, room_bench

    settings = RoomSettings.from_environment()
    if options.delay is not None:
        settings = replace(settings, notice_delay_hours=options.delay)
    if options.data is None:
        return room_bench(settings)
    return folder_bench(options.data, options.truth, delay_hours=settings.notice_delay_hours, say=say)


def _blocked(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.blocked import ask_blocked

    if options.report:
        make_now(options.report)
    with waiting(quiet=options.as_json) as tell, bench_of(options, tell) as bench:
        result = ask_blocked(bench, say=tell)
    if options.report:
        from cleanroom.results.files import write

        for path in write(result, options.report):
            say(str(path))
    if options.as_json:
        print(json.dumps(result.model_dump(mode="json"), ensure_ascii=False))
    else:
        _show(result.body)


def _show(body: dict[str, Any]) -> None:
    listings, reported, came = body["listings"], body["reported_twd"], body["came_in_twd"]
    hours, codes = body["notice_delay_hours"], ", ".join(body["parts"]["institution"])
    print_line(told(
        f"institutions: {codes}; watch-listings: {listings:,}; {reported:,.0f} TWD reported, of which "
        f"{came:,.0f} TWD came in; control {hours:g} hours after the notice",
        f"機構：{codes}；警示 {listings:,} 件，通報損失 {reported:,.0f} 元，其中 {came:,.0f} 元確有入帳；"
        f"通報後 {hours:g} 小時管制",
    ))  # fmt: skip
    if len(body["parts"]["institution"]) == 1:
        print_line(told("one institution alone: there is nobody to join with, so together is the same as alone",
                        "僅有一家機構：無其他機構可聯防，聯合與單獨之結果相同"))  # fmt: skip
    spread = body["families"] >= body["least_families"]
    if not spread:
        print_line(few_families(body["families"]))
    out.print(
        _measures(body["scenarios"], spread, told("Each keeping the measures before it", "各情境保留前一情境之措施"))
    )
    alone = {name: row for name, row in body["alone"].items() if name != Scenario.OWN_BANK}
    out.print(_measures(alone, spread, told("Each measure by itself", "各措施單獨採行")))
    out.print(_curve(body["curve"]))


def few_families(count: int) -> str:
    """Said where `count` families are too few for an interval to mean anything."""
    return told(f"no 95 % intervals: too few families of cases ({count:,})",
                f"無 95% 區間：案件群過少（{count:,} 個）")  # fmt: skip


def _measures(rows: dict[str, dict[str, Any]], spread: bool, title: str) -> Table:
    more = told("extra\n95 %", "增加\n95%") if spread else told("extra", "增加")
    money = told("TWD", "金額（元）")
    names = money, more, told("accounts", "帳戶數"), more, told("innocent", "無辜")
    figures = (Column(name, justify="right", no_wrap=True) for name in names)  # a name may break, a figure may not
    columns = [Column(told("scenario", "情境")), *figures]
    table = Table(*columns, title=title, title_justify="left", box=SIMPLE, padding=(0, 0, 0, 1))
    for name, row in rows.items():
        extra = [_extra(row, f"extra_{figure}", spread) for figure in ("money_twd", "accounts")]
        innocent = _whole(row["innocent_accounts"])
        cells = _whole(row["money_twd"]), extra[0], _whole(row["accounts"]), extra[1], innocent
        table.add_row(scenario_name(name), *cells)
    return table


def _extra(row: dict[str, Any], name: str, spread: bool) -> str:
    """Blank where there is nothing to be beyond; an interval only where the redraws differ."""
    if row[name] is None:
        return ""
    interval = row[f"{name}_interval"]
    return f"{_whole(row[name])}\n{'' if interval is None else _span(interval)}" if spread else _whole(row[name])


def _curve(curve: dict[str, Any]) -> Table:
    scenarios = {s: row for s, row in curve["scenarios"].items() if s != Scenario.OWN_BANK}
    names = [told("hours", "小時"), *map(scenario_name, scenarios)]
    title = told("Extra TWD / accounts by notice delay", "各通報延遲下增加之金額（元）／帳戶數")
    table = Table(*(Column(n, justify="right") for n in names), title=title, title_justify="left", box=SIMPLE)
    for at, hours in enumerate(curve["delay_hours"]):
        cells = [f"{row['extra_money_twd'][at]:,.0f} / {row['extra_accounts'][at]:,}" for row in scenarios.values()]
        table.add_row(f"{hours:g}", *cells)
    return table


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _span(interval: list[float]) -> str:
    return f"[{interval[0]:,.0f}, {interval[1]:,.0f}]"

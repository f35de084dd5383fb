"""`cleanroom blocked`: how much more money and how many more accounts are blocked together, as tables and as files."""

import argparse
import json
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.table import Column, Table

from cleanroom.cli.common import command, out, say
from cleanroom.cli.words import advice
from cleanroom.errors import CleanroomError, NothingToDo
from cleanroom.settings import RoomSettings
from cleanroom.vocabulary.terms import Scenario


def add_blocked(commands) -> None:
    blocked = command(
        commands, "blocked", _blocked, "how much more is blocked together, by notice delay; with a report"
    )
    add_source(blocked)
    blocked.add_argument("--report", type=Path, metavar="DIR", help="write figures, table, chart, HTML and PDF there")
    blocked.add_argument("--json", dest="as_json", action="store_true", help="print the figures for a program")


def add_source(parser: argparse.ArgumentParser) -> None:
    """Which data is asked: the room in CLEANROOM_HOME, or a folder of files."""
    parser.add_argument("--data", type=Path, help="a folder in the data specification's form, instead of the room's")
    parser.add_argument("--truth", type=Path, help="with --data: CSV institution,account,pattern,typology "
                        "(default: truth/accounts.csv of the folder, where there is one)")  # fmt: skip
    parser.add_argument("--delay", type=_hours, metavar="HOURS", help="hours from notice to control")
    parser.set_defaults(advice=_advice)


def _advice(error: CleanroomError) -> str:
    """Where there is nothing to ask, the sentence itself says what would be."""
    return "" if isinstance(error, NothingToDo) else advice(error)


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 24 * 30:
        raise argparse.ArgumentTypeError("a delay is a number of hours from 0 to 720")
    return hours


def bench_of(options: argparse.Namespace) -> AbstractContextManager:
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

    with bench_of(options) as bench:
        result = ask_blocked(bench, say=say)
    if options.report:
        from cleanroom.results.files import write

        for path in write(result, options.report):
            say(str(path))
    if options.as_json:
        print(json.dumps(result.model_dump(mode="json"), ensure_ascii=False))
    else:
        _show(result.body)


def _show(body: dict[str, Any]) -> None:
    out.print(
        f"{body['listings']:,} watch-listings, {body['reported_twd']:,.0f} TWD reported, of which "
        f"{body['came_in_twd']:,.0f} TWD came in; control {body['notice_delay_hours']:g} hours after the notice",
        highlight=False,
    )
    out.print(_measures(body["scenarios"], "Each keeping the measures before it 各情境保留前一情境之措施"))
    alone = {name: row for name, row in body["alone"].items() if name != Scenario.OWN_BANK}
    out.print(_measures(alone, "Each measure by itself 各措施單獨採行"))
    out.print(_curve(body["curve"]))


def _measures(rows: dict[str, dict[str, Any]], title: str) -> Table:
    names = ("TWD", "extra\n95 %", "accounts", "extra\n95 %", "innocent")
    columns = [Column("scenario", no_wrap=True), *(Column(name, justify="right") for name in names)]
    table = Table(*columns, title=title, title_justify="left", box=SIMPLE, padding=(0, 0, 0, 1))
    for name, row in rows.items():
        extra = [f"{_whole(row[f'extra_{f}'])}\n{_span(row[f'extra_{f}_interval'])}" for f in ("money_twd", "accounts")]
        innocent = _whole(row["innocent_accounts"])
        table.add_row(name, _whole(row["money_twd"]), extra[0], _whole(row["accounts"]), extra[1], innocent)
    return table


def _curve(curve: dict[str, Any]) -> Table:
    scenarios = {s: row for s, row in curve["scenarios"].items() if s != Scenario.OWN_BANK}
    columns = [Column("hours", justify="right"), *(Column(s, justify="right") for s in scenarios)]
    table = Table(
        *columns, title="Extra TWD / accounts by notice delay 通報延遲之影響", title_justify="left", box=SIMPLE
    )
    for at, hours in enumerate(curve["delay_hours"]):
        cells = [f"{row['extra_money_twd'][at]:,.0f} / {row['extra_accounts'][at]:,}" for row in scenarios.values()]
        table.add_row(f"{hours:g}", *cells)
    return table


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _span(interval: list[float]) -> str:
    return f"[{interval[0]:,.0f}, {interval[1]:,.0f}]"

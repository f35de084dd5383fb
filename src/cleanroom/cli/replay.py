"""`cleanroom replay`: a past period as if notices had been sent."""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.table import Column, Table

from cleanroom.cli.blocked import add_source, bench_of
from cleanroom.cli.common import command, day, out, say
from cleanroom.contracts.whole_files import write_whole

POLICIES = ("rules", "model_without_graph", "model", "released")


def add_replay(commands) -> None:
    replay = command(commands, "replay", _replay, "run a past period again as if notices had been sent")
    add_source(replay)
    who = "rules, a model that learns at each cut-off, or a room's released one after its training"
    replay.add_argument("--policy", choices=POLICIES, default="model", help=f"who ranks: {who} (default %(default)s)")
    replay.add_argument("--from", dest="first", type=day, metavar="DAY", help="first day of cut-offs")
    replay.add_argument("--to", dest="last", type=day, metavar="DAY", help="last day of cut-offs")
    replay.add_argument("--every", type=_days, metavar="DAYS", help="with --data: days between cut-offs (default 1); "
                        "a room has those of its calendar")  # fmt: skip
    replay.add_argument("--capacity", type=_days, help="accounts noticed per cut-off at most (default: the room's)")
    replay.add_argument("--json", type=Path, help="write the figures there")


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError("a whole number from 1 on")
    return int(text)


def _replay(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.replay import Period, build_features, replay

    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)  # before the work, so that its result is not lost
    period = Period(options.first, options.last)
    with bench_of(options) as bench:
        if options.data is not None:
            build_features(bench, period, every_days=options.every or 1, say=say)
        capacity = options.capacity or bench.settings.warning_capacity
        found = replay(bench, period, policy=options.policy, capacity=capacity, say=say)
    if options.json:
        text = json.dumps(found, ensure_ascii=False, indent=1).encode()
        write_whole(options.json, lambda file: file.write(text))
    show(found)


def show(found: dict[str, Any]) -> None:
    """Notices by cut-off and by institution, how many were right, what they would have stopped, and the price."""
    after, right = found["with_notices"], found["right"]
    out.print(_runs(found["runs"]))
    out.print(_institutions(found))
    if found["by_rules"]:
        out.print(f"at {found['by_rules']:,} of the cut-offs too few were listed to learn from: the rules ranked there",
                  highlight=False)  # fmt: skip
    said = {"in_pattern": "in a known pattern", "listed_later": "watch-listed later"}
    for name, words in said.items():
        if right[name] is not None and right[name]["precision"] is not None:
            low, high = right[name]["interval"]
            out.print(f"{right[name]['notices']:,} of {found['notices']:,} notices {words}: "
                      f"{right[name]['precision']:.1%} (95 %: {low:.1%} to {high:.1%})", highlight=False)  # fmt: skip
    low, high = after["extra_money_twd_interval"]
    extra, accounts = after["extra_money_twd"], after["extra_accounts"]
    out.print(
        f"blocked beyond each bank alone, {found['notice_delay_hours']:g} hours after the notice: "
        f"{extra:,.0f} TWD (95 %: {low:,.0f} to {high:,.0f}) on {accounts:+,} accounts",
        highlight=False,
    )
    out.print(f"price: {_price(found['alone'], after)}", highlight=False)


def _price(before: dict[str, Any], after: dict[str, Any]) -> str:
    known = after["innocent_accounts"] is not None
    names = ("innocent_accounts", "innocent_freeze_hours") if known else (
        "accounts_controlled_not_listed", "freeze_hours")  # fmt: skip
    accounts, hours = (after[name] - before[name] for name in names)
    what = "innocent accounts" if known else "accounts that were never listed"
    return f"{accounts:,} more {what} controlled, {hours:,.0f} more account-hours until the data ends"


def _runs(runs: list[dict[str, Any]]) -> Table:
    names = ("notices", "named before", "in a pattern", "listed later")
    columns = [Column("cut-off (UTC)", no_wrap=True), *(Column(name, justify="right") for name in names)]
    table = Table(*columns, title="Notices 通報", title_justify="left", box=SIMPLE)
    for run in runs:
        counts = [run[name] for name in ("notices", "named_before", "in_pattern", "listed_later")]
        table.add_row(run["as_of"], *("–" if n is None else f"{n:,}" for n in counts))
    return table


def _institutions(found: dict[str, Any]) -> Table:
    names = ("notices", "in a pattern", "listed later", "extra TWD", "extra accounts")
    columns = [Column("institution"), *(Column(name, justify="right") for name in names)]
    table = Table(*columns, title="By institution 機構別", title_justify="left", box=SIMPLE)
    for code, one in found["institutions"].items():
        money = found["by_institution"].get(code, {"extra_money_twd": 0, "extra_accounts": 0})
        counts = ["–" if one[name] is None else f"{one[name]:,}" for name in ("notices", "in_pattern", "listed_later")]
        table.add_row(code, *counts, f"{money['extra_money_twd']:,.0f}", f"{money['extra_accounts']:,}")
    return table

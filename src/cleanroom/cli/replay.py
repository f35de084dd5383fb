"""`cleanroom replay`: a past period as if notices had been sent."""

import argparse
import json
from datetime import datetime
from typing import Any

from rich.box import SIMPLE
from rich.table import Column, Table

from cleanroom.cli.blocked import add_source, bench_of, few_families
from cleanroom.cli.common import add_json_file, command, day, out, print_line
from cleanroom.cli.waiting import waiting
from cleanroom.cli.words import chosen, told
from cleanroom.contracts.whole_files import write_whole
from cleanroom.governance.moments import moment

POLICIES = ("rules", "model_without_graph", "model", "released")
_NOTICES, _IN_PATTERN = ("notices", "通報數"), ("in a pattern", "屬已知樣態")
_LISTED_LATER = ("listed later", "其後警示")
_RIGHT = {"in_pattern": ("in a known pattern", "屬已知樣態"), "listed_later": ("watch-listed later", "其後經警示")}


def add_replay(commands) -> None:
    replay = command(commands, "replay", _replay, "run a past period again as if notices had been sent",
                     "重演過去期間，假設當時已通報")  # fmt: skip
    add_source(replay)
    replay.add_argument("--policy", choices=POLICIES, default="model", help=told(
        "who ranks: rules, a model that learns at each cut-off, or a room's released one after its training "
        "(default %(default)s)",
        "由誰排名：規則、於各截止時點訓練之模型，或無塵室獲准發布之模型"
        "（僅用於其訓練之後）（預設 %(default)s）"))  # fmt: skip
    replay.add_argument("--from", dest="first", type=day, metavar="DAY", help=told(
        "first day of cut-offs", "首個截止日"))  # fmt: skip
    replay.add_argument("--to", dest="last", type=day, metavar="DAY", help=told(
        "last day of cut-offs", "最末截止日"))  # fmt: skip
    replay.add_argument("--every", type=_days, metavar="DAYS", help=told(
        "with --data: days between cut-offs (default 1); a room has those of its calendar",
        "併用 --data：截止時點間隔日數（預設 1）；無塵室依其日曆"))  # fmt: skip
    replay.add_argument("--capacity", type=_days, metavar="N", help=told(
        "accounts suspected per cut-off (default: the room's)",
        "每截止時點可疑帳戶數（預設依無塵室設定）"))  # fmt: skip
    replay.add_argument("--at-a-time", type=_days, metavar="N", help=told(
        "notices per cut-off at most, first where most can still be stopped (default: of all suspected)",
        "每截止時點至多通報件數，可攔阻金額最多者優先（預設為全部可疑帳戶）"))  # fmt: skip
    add_json_file(replay)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(told("a whole number from 1 on", "須為 1 以上之整數"))
    return int(text)


def _replay(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.replay import Capacity, Period, build_features, replay

    period = Period(options.first, options.last)
    with waiting() as say, bench_of(options, say) as bench:
        if options.data is not None:
            build_features(bench, period, every_days=options.every or 1, say=say)
        capacity = Capacity(options.capacity or bench.settings.warning_capacity, options.at_a_time)
        found = replay(bench, period, policy=options.policy, capacity=capacity, say=say)
    if options.json:
        text = json.dumps(found, ensure_ascii=False, indent=1).encode()
        write_whole(options.json, lambda file: file.write(text))
    show(found)


def show(found: dict[str, Any]) -> None:
    """Notices by cut-off and by institution, how many were right, what they would have stopped, and the price."""
    after, right = found["with_notices"], found["right"]
    codes = ", ".join(found["institutions"])
    print_line(told(f"institutions: {codes}", f"機構：{codes}"))
    out.print(_runs(found["runs"]))
    out.print(_institutions(found))
    if found["by_rules"]:
        few = found["by_rules"]
        print_line(told(f"at {few:,} of the cut-offs too few were listed to learn from: the rules ranked there",
                        f"其中 {few:,} 個截止時點警示數不足以訓練，改由規則排名"))  # fmt: skip
    for name, words in _RIGHT.items():
        if right[name] is not None and right[name]["precision"] is not None:
            print_line(_share(right[name], found["notices"], chosen(words)))
    print_line(_blocked(after, found["notice_delay_hours"], _why_none(found)))
    print_line(_price(found["alone"], after))


def _share(right: dict[str, Any], notices: int, words: str) -> str:
    low, high = right["interval"]
    count, share = right["notices"], right["precision"]
    return told(f"{count:,} of {notices:,} notices {words}: {share:.1%} (95 %: {low:.1%} to {high:.1%})",
                f"{notices:,} 件通報中 {count:,} 件{words}：{share:.1%}（95%：{low:.1%} 至 {high:.1%}）")  # fmt: skip


def _blocked(after: dict[str, Any], hours: float, why_none: str) -> str:
    """`why_none`: said in place of an interval that there is not."""
    interval, extra, accounts = after["extra_money_twd_interval"], after["extra_money_twd"], after["extra_accounts"]
    spread = why_none if interval is None else _span(*interval)
    return told(
        f"against each bank alone, {hours:g} hours after the notice: {extra:+,.0f} TWD blocked ({spread}), "
        f"{accounts:+,} accounts",
        f"通報後 {hours:g} 小時管制，與各行單獨相比：攔阻 {extra:+,.0f} 元（{spread}）、{accounts:+,} 個帳戶",
    )  # fmt: skip


def _why_none(found: dict[str, Any]) -> str:
    if found["families"] < found["least_families"]:
        return few_families(found["families"])
    return told("no 95 % interval: every redraw of the cases gives the same", "無 95% 區間：案件群重抽之結果均相同")


def _span(low: float, high: float) -> str:
    return told(f"95 %: {low:,.0f} to {high:,.0f}", f"95%：{low:,.0f} 至 {high:,.0f}")


def _price(before: dict[str, Any], after: dict[str, Any]) -> str:
    known = after["innocent_accounts"] is not None
    names = ("innocent_accounts", "innocent_freeze_hours") if known else (
        "accounts_controlled_not_listed", "freeze_hours")  # fmt: skip
    accounts, hours = (after[name] - before[name] for name in names)
    what = told("innocent accounts", "無辜帳戶") if known else told(
        "accounts that were never listed", "未曾警示之帳戶")  # fmt: skip
    return told(f"price: {accounts:,} more {what} controlled, {hours:,.0f} more account-hours until the data ends",
                f"代價：多管制 {accounts:,} 個{what}，至資料結束多 {hours:,.0f} 帳戶小時")  # fmt: skip


def _runs(runs: list[dict[str, Any]]) -> Table:
    names = map(chosen, (_NOTICES, ("named before", "先前已通報"), _IN_PATTERN, _LISTED_LATER))
    columns = [Column(told("cut-off (Asia/Taipei)", "截止時點（臺北）"), no_wrap=True)]
    columns += [Column(name, justify="right") for name in names]
    table = Table(*columns, title=told("Notices", "通報"), title_justify="left", box=SIMPLE)
    for run in runs:
        counts = [run[name] for name in ("notices", "named_before", "in_pattern", "listed_later")]
        table.add_row(moment(datetime.fromisoformat(run["as_of"])), *("–" if n is None else f"{n:,}" for n in counts))
    return table


def _institutions(found: dict[str, Any]) -> Table:
    extra = ("extra TWD", "增加金額（元）"), ("extra accounts", "增加戶數")
    columns = [Column(told("institution", "機構"))]
    columns += [Column(chosen(n), justify="right") for n in (_NOTICES, _IN_PATTERN, _LISTED_LATER, *extra)]
    table = Table(*columns, title=told("By institution", "機構別"), title_justify="left", box=SIMPLE)
    for code, one in found["institutions"].items():
        money = found["by_institution"].get(code, {"extra_money_twd": 0, "extra_accounts": 0})
        counts = ["–" if one[name] is None else f"{one[name]:,}" for name in ("notices", "in_pattern", "listed_later")]
        table.add_row(code, *counts, f"{money['extra_money_twd']:,.0f}", f"{money['extra_accounts']:,}")
    return table

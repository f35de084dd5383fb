"""The lookout's answers as a person reads them: TWD, Taipei's time, accounts in full, what was left out and why."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from cleanroom.cli.lookout_words import word
from cleanroom.lookout.service.folders import url_of

_TAIPEI = ZoneInfo("Asia/Taipei")
_SHORT = 8  # digits by which a transfer or account is recognised again; --json has all
_RIGHT = {"layer", "amount", "days"} | {
    "incoming",
    "payers",
    "cents_in",
    "outgoing",
    "payees",
    "cents_out",
    "pass_through",
}


def verdicts(console: Console, answer: dict) -> None:
    for verdict in answer["verdicts"]:
        console.print(verdict["account"], highlight=False)
        _verdict(console, verdict)
    _line(console, "kept_rule", layers=answer["rule"]["layers"], days=answer["lookback_days"])
    _data_end(console, answer)


def _verdict(console: Console, verdict: dict) -> None:
    said = [_finding(verdict)]
    if verdict["known"]:
        money, held = (_money(verdict[f"tainted_{kind}_cents"]) for kind in ("received", "held"))
        said.append(word("received", money=money, held=held))
    if verdict["since"] and not verdict["is_watch_listed"]:
        said.append(word("since", since=_moment(verdict["since"]), start=verdict["start"]))
    for sentence in said:
        console.print(f"  {sentence}", markup=False, highlight=False, soft_wrap=True)


def _finding(verdict: dict) -> str:
    if not verdict["known"]:
        return word("unknown")
    if verdict["is_watch_listed"]:
        return word("listed")
    return word("downstream", layer=verdict["layer"]) if verdict["downstream"] else word("clear")


def expansion(console: Console, account: str, answer: dict, *, rows: int) -> None:
    for way in answer["ways"]:
        _way(console, account, way, answer["rule"] | {"link_limit": answer["link_limit"]}, rows=rows)
    _data_end(console, answer)


def _way(console: Console, account: str, way: dict, rule: dict, *, rows: int) -> None:
    arrivals = way["arrivals"]
    _line(console, way["direction"], account=account)
    _rule(console, rule)
    _line(console, "reached", reached=way["reached"], looked_at=way["looked_at"])
    with_paths = any(arrival["path"] for arrival in arrivals)
    table = _table(("layer", "account", "at", "amount", "path" if with_paths else "from"))
    for arrival in arrivals[:rows]:
        table.add_row(*_arrival(arrival, way["identifiers"]))
    if arrivals:
        _by_layer(console, arrivals, way["reached"])
        console.print(table, markup=False)
    _left(console, len(arrivals) - rows)
    for name in ("hubs", "truncated"):
        if way[name]:
            _line(console, name, count=len(way[name]))
    _wholeness(console, way["cut"])


def _by_layer(console: Console, arrivals: list[dict], reached: int) -> None:
    """The layers add up to more than the accounts: money comes to one by walks of several lengths."""
    per_layer = sorted(Counter(arrival["layer"] for arrival in arrivals).items())
    layers = word("and").join(word("layer_count", layer=layer, count=count) for layer, count in per_layer)
    _line(console, "by_layer" if len(arrivals) == reached else "in_several", layers=layers, sum=len(arrivals))


def _arrival(arrival: dict, identifiers: dict[str, str]) -> list[str]:
    """Of the path the transfers and identifiers, else where the last step came from. A link step moves no money."""
    before = " ".join(_step(via, identifiers) for via in arrival["path"] or [arrival["came_from"]])
    money = arrival["amount_cents"]
    return [
        str(arrival["layer"]),
        arrival["account"],
        _moment(arrival["at"]),
        word(identifiers[arrival["via"]]) if money is None else _money(money),
        before,
    ]


def _step(via: str, identifiers: dict[str, str]) -> str:
    kind = identifiers.get(via)
    return f"{word(kind)} {via[:_SHORT]}" if kind else via[:_SHORT]


def trace(console: Console, answer: dict) -> None:
    steps = answer["steps"]
    _rule(console, answer["rule"])
    if answer["found"]:
        _line(console, "walk", steps=len(steps), direction=word(f"{answer['direction']}_way"))
        _steps(console, steps, forward=answer["direction"] == "forward")
    else:
        _line(console, "nobody_knows" if answer["cut"] else "no_walk")
    _data_end(console, answer)


def _steps(console: Console, steps: list[dict], *, forward: bool) -> None:
    """An arrow points along the money."""
    near, far, arrow = ("sender", "receiver", "v") if forward else ("receiver", "sender", "^")
    console.print(steps[0][near], highlight=False)
    for step in steps:
        what = f"{_moment(step['at'])}  TWD {_money(step['amount_cents'])}  {word('transfer', id=step['transfer'])}"
        console.print(f"  {arrow} {what}", highlight=False, soft_wrap=True)
        console.print(step[far], highlight=False)


def risk(console: Console, answer: dict) -> None:
    _line(console, "summary", account=answer["account"], as_of=_moment(answer["as_of"]))
    _verdict(console, answer["verdict"])
    console.print(_activities(answer["activity"]), markup=False)
    if answer["is_hub"]:
        _line(console, "is_hub")
    _rule(console, answer["rule"])
    for nearest in answer["nearest"]:
        _nearest(console, nearest)
    _data_end(console, answer)


def _activities(activities: list[dict]) -> Table:
    names = ("days", "incoming", "payers", "cents_in", "outgoing", "payees", "cents_out", "pass_through")
    table = _table(names)
    for activity in activities:
        share = activity["pass_through"]
        ways = [_traffic(activity[way]) for way in ("incoming", "outgoing")]
        table.add_row(str(activity["days"]), *ways[0], *ways[1], "" if share is None else f"{share:.0%}")
    return table


def _traffic(traffic: dict) -> list[str]:
    """More than the latest that were looked at: at least that much."""
    least = "" if traffic["looked_at"] >= traffic["transfers"] else "≥"
    payers, money = f"{least}{traffic['counterparties']:,}", f"{least}{_money(traffic['cents'])}"
    return [f"{traffic['transfers']:,}", payers, money]


def _nearest(console: Console, nearest: dict) -> None:
    way = nearest["direction"]
    if nearest["account"] is None:
        _line(console, "nobody_knows" if nearest["cut"] else f"nearest_none_{way}")
    else:
        place = {"account": nearest["account"], "layer": nearest["layer"], "at": _moment(nearest["at"])}
        _line(console, f"nearest_{way}", **place)


def proposals(console: Console, answer: dict, *, rows: int) -> None:
    if not answer["proposals"]:
        _line(console, "no_proposals")
    for proposal in answer["proposals"]:
        accounts, cases = proposal["accounts"], ", ".join(proposal["cases"])
        _line(console, "proposal", at=_moment(proposal["at"]), count=len(accounts), cases=cases)
        for account in accounts[:rows]:
            console.print(f"  {account}", highlight=False)
        _left(console, len(accounts) - rows)
    _data_end(console, answer)


def wholeness(console: Console, whole: dict) -> None:
    _line(console, "index_whole", **whole)
    if whole["looks"]:
        _line(console, "looks_whole" if whole["first_look"] == 1 else "looks_whole_since", **whole)


def _child(name: str) -> str:
    """`keeper`, or `worker-2` of several."""
    kind, _, number = name.partition("-")
    return f"{word(kind)} {number}".rstrip()


def status(console: Console, supervisor: dict, keeper: dict, health: dict, outdated: dict) -> None:
    silent = health["keeper_silent_s"]
    _line(console, "ready" if health["ready"] else "not_ready" if silent is not None else "no_keeper", seconds=silent)
    running = ", ".join(f"{_child(name)} {process}" for name, process in supervisor.get("running", {}).items())
    if supervisor:
        address = url_of(supervisor["host"], supervisor["port"])
        _line(console, "served", address=address, process=supervisor["pid"], running=running)
    for name, count in supervisor.get("deaths", {}).items():
        if count:
            _line(console, "deaths", child=_child(name), count=count)
    _line(console, "graph", transfers=health["transfers"], accounts=health["accounts"], delta=keeper.get("delta", 0))
    _line(console, "waiting" if health["behind"] else "none_waits", count=health["behind"])
    for name, count in outdated.items():
        _line(console, f"outdated_{name}", count=count)
    if keeper and keeper["verdict_state"] != keeper["state"]:
        _line(console, "verdicts_behind", number=keeper["verdict_state"])
    _data_end(console, health)


# --- parts --------------------------------------------------------------------------------------------------------


def _table(names: Iterable[str]) -> Table:
    """Accounts are copied from here, so they stay on one line; what is left of a narrow terminal is the others'."""
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    for name in names:
        table.add_column(
            word(name), overflow="fold", justify="right" if name in _RIGHT else "left", no_wrap=name == "account"
        )
    return table


def _rule(console: Console, rule: dict) -> None:
    given = {"most_layers": rule["layers"], "in_time" if rule["in_time"] else "plain": True}
    given["delay"] = rule["max_delay_s"] and rule["max_delay_s"] / 3600
    given |= {name: rule[name] for name in ("hub_limit", "keep_latest")}
    given["link_limit"] = rule.get("link_limit")  # of an expansion alone
    given |= {name: rule[name] and _moment(rule[name]) for name in ("after", "before")}
    parts = [word(name, n=n) for name, n in given.items() if n is not None]
    _line(console, "rule", parts=word("and").join(parts))


def _line(console: Console, name: str, **values: object) -> None:
    console.print(word(name, **values), markup=False, highlight=False, soft_wrap=True)


def _left(console: Console, left: int) -> None:
    if left > 0:
        _line(console, "more", left=left)


def _wholeness(console: Console, cut: dict | None) -> None:
    if cut is None:
        _line(console, "whole")
    else:
        _line(console, "cut", layer=cut["layer"], by=word(cut["by"]))


def _data_end(console: Console, answer: dict) -> None:
    state = answer["state"]
    _line(console, "data_end", end=_moment(state["data_end"]), number=state["number"])


def _money(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"


def _moment(text: str | None) -> str:
    if text is None:
        return ""
    return f"{datetime.fromisoformat(text).astimezone(_TAIPEI):%Y-%m-%d %H:%M:%S}"

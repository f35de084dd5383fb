"""Questions of walks, asked of the dbt models.

Many flows lie side by side in the same tables, each account and transfer under a prefix of its flow, so that a rule
costs one build and not one for each flow. It also shows that what is not connected does not disturb.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cleanroom.moneyflow.reference import Arrival, Direction, Expansion, Transfer
from tests.factories.dbt_models import ModelBench
from tests.factories.drawing import Flow, at
from tests.spec.moneyflow.engines import WAYS, Answer, Asked

LAYERS = tuple(f"int_moneyflow__layer_{layer}" for layer in range(7))
BUILT = (
    "int_moneyflow__steps",
    "int_moneyflow__over_limit",
    *LAYERS,
    "int_moneyflow__arrivals",
    "int_moneyflow__layers",
    "int_moneyflow__limits",
)
# After everything that is drawn: the cut-off where a rule has no end of its own.
END = at("day 60 00:00")


def ask_models(bench: ModelBench, asked: Sequence[Asked]) -> list[Answer]:
    """In the order of the questions; those of one rule are answered by one build."""
    answers: dict[int, Answer] = {}
    for places in _by_rule(asked).values():
        answers |= _answered(bench, {place: asked[place] for place in places})
    return [answers[place] for place in range(len(asked))]


def transfer_row(transfer: Transfer, flow: Flow, prefix: str = "") -> dict:
    """A row of int_transfers__joined."""
    return {
        "transfer_id": prefix + transfer.transfer_id,
        "executed_at": transfer.executed_at,
        "sender_account_token": prefix + transfer.sender,
        "receiver_account_token": prefix + transfer.receiver,
        "amount_cents": transfer.amount_cents,
        "reversed": transfer.transfer_id in flow.reversed_ids,
    }


def _by_rule(asked: Sequence[Asked]) -> dict[tuple, list[int]]:
    """A direction, a number of layers and a cut-off are parts of an answer; all else in a rule asks for a build."""
    found = defaultdict(list)
    for place, one in enumerate(asked):
        rule = one.rule
        assert rule.in_time and rule.after is None and one.links is None, "the models do not answer this"
        found[rule.max_delay, rule.hub_limit, rule.keep_latest].append(place)
    return found


def _answered(bench: ModelBench, asked: Mapping[int, Asked]) -> dict[int, Answer]:
    _lay_out(bench, asked)
    bench.build(*BUILT)
    arrivals = by_flow(bench.rows("int_moneyflow__arrivals"))
    limits = by_flow(bench.rows("int_moneyflow__limits"))
    return {
        place: {way: _expansion(one, way, arrivals[place], limits[place]) for way in one.rule.direction.ways}
        for place, one in asked.items()
    }


def _lay_out(bench: ModelBench, asked: Mapping[int, Asked]) -> None:
    rule = next(iter(asked.values())).rule
    delay = round(rule.max_delay.total_seconds() * 1_000_000) if rule.max_delay else None
    limits = {"max_delay_us": delay, "hub_limit": rule.hub_limit, "keep_latest": rule.keep_latest, "code": ""}
    bench.given("int_moneyflow__rule", [limits])
    cut_offs = {cut_off(one) for one in asked.values()}
    bench.given("int_moneyflow__as_of", [{"cut_off": c, "as_of": c, "is_latest": c == max(cut_offs)} for c in cut_offs])
    bench.given("int_moneyflow__starts", [row for p, one in asked.items() for row in _start_rows(p, one)])
    rows = [transfer_row(t, one.flow, prefix(p)) for p, one in asked.items() for t in one.flow.transfers]
    bench.given("int_transfers__joined", rows)


def _start_rows(place: int, one: Asked) -> Iterable[dict]:
    for account, begins in one.starts.items():
        for way in WAYS:
            clock = round(begins.timestamp() * 1_000_000) * (1 if way is Direction.FORWARD else -1)
            row = {"cut_off": cut_off(one), "direction": way, "account_token": prefix(place) + account}
            yield row | {"begins_at": begins, "clock": clock}


def _expansion(one: Asked, way: Direction, arrivals: list[dict], limits: list[dict]) -> Expansion:
    mine = [r for r in arrivals if r["direction"] == way and r["layer"] <= one.rule.layers]
    paths: dict[tuple, tuple[str, ...]] = {}
    found = {}
    for row in sorted(mine, key=lambda row: row["layer"]):
        arrival = _arrival(row, paths)
        paths[row["via_transfer_id"], row["layer"]] = arrival.path
        if row["is_first"]:
            assert (arrival.account, arrival.layer) not in found, "an account has two first arrivals at one layer"
            found[arrival.account, arrival.layer] = arrival
    named = [r for r in limits if r["direction"] == way and r["layer"] < one.rule.layers]
    hubs, truncated = (
        frozenset(r["account_token"] for r in named if r["limited_as"] == kind) for kind in ("hub", "truncated")
    )
    return Expansion(found, hubs, truncated)


def _arrival(row: dict, paths: Mapping[tuple, tuple[str, ...]]) -> Arrival:
    via, layer = row["via_transfer_id"], row["layer"]
    before = paths[row["from_transfer_id"], layer - 1] if layer else ()
    path = (*before, via) if layer else ()
    at_, start, came_from = row["arrived_at"], row["start_account_token"], row["from_account_token"]
    return Arrival(row["account_token"], layer, at_, start, via, came_from, path)


def cut_off(one: Asked) -> datetime:
    """The end of the window, or of everything."""
    return one.rule.before or END


def prefix(place: int) -> str:
    """Of all names of the flow that was asked in this place."""
    return f"{place:03}/"


def by_flow(rows: Iterable[dict]) -> Mapping[int, list[dict]]:
    """Rows by the place of their flow, with the names that were asked."""
    found = defaultdict(list)
    for row in rows:
        own = {k: v.split("/")[1] if isinstance(v, str) and "/" in v else v for k, v in row.items()}
        found[int(row["account_token"].split("/")[0])].append(own)
    return found

"""Questions of walks with link steps, asked of the dbt models."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cleanroom.moneyflow.reference import Arrival, Direction, Expansion
from tests.factories.dbt_models import ModelBench
from tests.factories.drawing import at
from tests.spec.moneyflow.engines import WAYS, Answer, Asked
from tests.spec.moneyflow.models import by_flow, cut_off, prefix, transfer_row

KINDS = ("holder", "phone", "device", "platform_account")
BUILT = (
    "int_moneyflow__steps",
    "int_linked__accounts",
    *(f"int_linked__layer_{layer}" for layer in range(7)),
    "int_linked__layers",
)
# A tie without a date: before everything that is drawn.
EVER = at("day -400 00:00")


def ask_linked_models(bench: ModelBench, asked: Sequence[Asked]) -> list[Answer]:
    """In the order of the questions; those of one limit are answered by one build."""
    by_limit = defaultdict(dict)
    for place, one in enumerate(asked):
        by_limit[one.links.limit][place] = one
    answers = {}
    for limit, some in by_limit.items():
        _lay_out(bench, some, limit)
        bench.build(*BUILT)
        rows = by_flow(bench.rows("int_linked__layers"))
        answers |= {place: _answer(one, rows[place]) for place, one in some.items()}
    return [answers[place] for place in range(len(asked))]


def _lay_out(bench: ModelBench, asked: Mapping[int, Asked], limit: int) -> None:
    cut_offs = {cut_off(one) for one in asked.values()}
    bench.given("int_moneyflow__as_of", [{"cut_off": c, "as_of": c, "is_latest": c == max(cut_offs)} for c in cut_offs])
    bench.given("int_linked__rule", [{"identifier_kind": kind, "link_limit": limit} for kind in KINDS])
    bench.given("int_moneyflow__layer_0", [row for p, one in asked.items() for row in _start_rows(p, one)])
    rows = [transfer_row(t, one.flow, prefix(p)) for p, one in asked.items() for t in one.flow.transfers]
    bench.given("int_transfers__joined", rows)
    bench.given("int_graph__ties", [row for p, one in asked.items() for row in _tie_rows(p, one)])


def _start_rows(place: int, one: Asked) -> Iterable[dict]:
    for account, begins in one.starts.items():
        name = prefix(place) + account
        row = {"cut_off": cut_off(one), "account_token": name, "layer": 0, "arrived_at": begins, "is_first": True}
        yield from (row | {"direction": way, "start_account_token": name} for way in WAYS)


def _tie_rows(place: int, one: Asked) -> Iterable[dict]:
    """An account and identifier once, since the earliest moment."""
    since: dict[tuple[str, str, str], datetime] = {}
    for tie in one.links.ties:
        key = (tie.account, tie.identifier, tie.kind)
        began = tie.held_from or EVER
        since[key] = min(began, since.get(key, began))
    for (account, identifier, kind), began in since.items():
        names = {"account_token": prefix(place) + account, "identifier_token": prefix(place) + identifier}
        yield names | {"identifier_kind": kind, "held_from": began}


def _answer(one: Asked, rows: list[dict]) -> Answer:
    return {way: _expansion(one, way, [r for r in rows if r["direction"] == way]) for way in one.rule.direction.ways}


def _expansion(one: Asked, way: Direction, rows: list[dict]) -> Expansion:
    origin = {t.transfer_id: t.sender if way is Direction.FORWARD else t.receiver for t in one.flow.transfers}
    paths: dict[tuple[str, int], tuple[str, ...]] = {}
    found = {}
    for row in sorted(rows, key=lambda row: row["layer"]):
        place = (row["account_token"], row["layer"])
        if row["is_first"] and row["layer"] <= one.rule.layers:
            paths[place] = _path(row, paths, origin)
            found[place] = _arrival(row, paths[place])
    return Expansion(found)


def _path(row: dict, paths: Mapping[tuple[str, int], tuple[str, ...]], origin: Mapping[str, str]) -> tuple[str, ...]:
    """A transfer goes on from the first arrival of the layer before; a link step from any arrival by transfer, which
    in turn goes on from the first of the layer before that."""
    layer, by = row["layer"], row["from_transfer_id"]
    if layer == 0:
        return ()
    if row["step"] == "transfer":
        return (*paths[row["from_account_token"], layer - 1], row["via_transfer_id"])
    led_there = (*paths[origin[by], layer - 2], by) if by else ()
    return (*led_there, row["via_identifier_token"])


def _arrival(row: dict, path: tuple[str, ...]) -> Arrival:
    account, layer, moment = row["account_token"], row["layer"], row["arrived_at"]
    via = row["via_transfer_id"] or row["via_identifier_token"]
    return Arrival(account, layer, moment, row["start_account_token"], via, row["from_account_token"], path)

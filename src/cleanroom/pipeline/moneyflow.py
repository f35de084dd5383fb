"""The money-flow station: both legs joined, watch-listed accounts, layers by time. dbt does it in the warehouse."""

from functools import partial
from typing import TYPE_CHECKING, Any

from cleanroom.pipeline.dbt import DbtRun, models_code, run_dbt
from cleanroom.pipeline.graph_export import export_graph, graph_folder
from cleanroom.pipeline.publish import publish
from cleanroom.pipeline.steps import NOT_REPORTED, Detail, StepResult, reported
from cleanroom.stores.ports import Warehouse

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

SELECTION = ("staging", "intermediate.moneyflow", "intermediate.graph")
LAST_LAYER = 6
# Unit tests prove the SQL, not these rows: they belong to `make test`.
_WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
_LAYER = "int_moneyflow__layer_{}"
_RULE = "moneyflow.int_moneyflow__rule"
# A walk here is a cut-off and a direction. `changed`: something in it was built, `anew`: all of it was.
_WALKS = """
select
  (select count(*) from moneyflow.int_moneyflow__as_of) * 2 as walks,
  count(*) as changed,
  count(case when clock <= -9000000000000000000 then 1 end) as anew
from moneyflow.int_moneyflow__changes
"""

# No amounts: the sum over one transfer would be that transfer's.
_LEGS = """
select sender_institution, receiver_institution, leg_state, issue, transfers, legs
from moneyflow.int_transfers__leg_summary
order by sender_institution, receiver_institution, leg_state, issue
"""
# Accounts per layer at the latest cut-off, and how many of them stand at no nearer layer.
_LAYERS = """
with latest as (
  select layers.direction, layers.layer, layers.account_token, known.institution,
    min(layers.layer) over (partition by layers.direction, layers.account_token) as nearest
  from moneyflow.int_moneyflow__layers as layers
  inner join moneyflow.int_moneyflow__as_of as cut_offs on cut_offs.as_of = layers.as_of and cut_offs.is_latest
  inner join moneyflow.int_accounts__known as known on known.account_token = layers.account_token
)
select direction, layer, institution, count(*) as accounts,
  count(case when nearest = layer then 1 end) as first_reached
from latest
group by direction, layer, institution
order by direction, layer, institution
"""


def build(room: "Room", *, run_id: str = "", full: bool = False) -> StepResult:
    """Build staging and money flow with their data tests, publish the tables of legs and of layers and the graph that
    the lookout reads, say what there is.

    Layers follow what changed; `full` builds them anew, and so does other code than that which built them.
    Raises DataTestsFailed (a promise of a table is broken: nothing after it was built) or WarehouseFault. A portal
    that does not answer is said in the detail: scores and the lookout need the tables, not its pages.
    """
    options = ("--full-refresh",) if full or _built_by_other_code(room.warehouse) else ()
    run = run_dbt(room, "build", SELECTION, options=(*_WITHOUT_UNIT_TESTS, *options))
    walks = room.warehouse.query(_WALKS).to_pylist()[0]
    legs = room.warehouse.query(_LEGS).to_pylist()
    layers = room.warehouse.query(_LAYERS).to_pylist()
    seconds = _seconds(run)
    export_graph(room.warehouse, graph_folder(room.settings))
    detail = _counts(room.warehouse) | _leg_totals(legs) | _walk_detail(walks) | _layer_detail(seconds)
    bodies = {
        "legs": {"rows": legs, "totals": _leg_totals(legs)},
        "layers": {"rows": layers, "cumulative_seconds": _cumulative(seconds)},
    }
    sending = [partial(publish, room, kind, body, run_id=run_id) for kind, body in bodies.items()]
    heard = [reported(send, needs_portal=False) for send in sending]
    return StepResult(rows=int(detail["transfers"]), detail=detail if all(heard) else detail | NOT_REPORTED)


def _built_by_other_code(warehouse: Warehouse) -> bool:
    """Columns may differ as well, so layers of other code are not extended."""
    if not warehouse.table_exists(_RULE):
        return False
    return warehouse.query(f"select code from {_RULE}")["code"].to_pylist() != [models_code()]


def _walk_detail(walks: dict[str, int]) -> Detail:
    """`layers`: full where every walk was built anew, else incremental."""
    kind = "full" if walks["anew"] == walks["walks"] else "incremental"
    return {"layers": kind, "walks": walks["walks"], "walks_changed": walks["changed"]}


def _counts(warehouse: Warehouse) -> Detail:
    tables = {
        "transfers": "moneyflow.int_transfers__joined",
        "watch_listed": "moneyflow.int_list_events__watch_listed",
        "accounts": "moneyflow.int_accounts__known",
        "rows_landed": "landing.transfers",
    }
    counts = [f"select '{name}' as name, count(*) as n from {table}" for name, table in tables.items()]
    found = warehouse.query(" union all ".join(counts)).to_pylist()
    return {row["name"]: row["n"] for row in found}


def _leg_totals(legs: list[dict[str, Any]]) -> dict[str, int]:
    """Transfers by state of their legs; `legs_not_expected` are the unmatched whose other end uploads nothing."""
    states = ("own", "matched", "unmatched", "disagreeing")
    totals = {f"legs_{state}": sum(r["transfers"] for r in legs if r["leg_state"] == state) for state in states}
    totals["legs_not_expected"] = sum(r["transfers"] for r in legs if r["issue"] == "not_expected")
    return totals


def _seconds(run: DbtRun) -> list[float]:
    return [run.seconds_of(_LAYER.format(layer)) for layer in range(LAST_LAYER + 1)]


def _cumulative(seconds: list[float]) -> list[float]:
    return [round(sum(seconds[: layer + 1]), 3) for layer in range(len(seconds))]


def _layer_detail(seconds: list[float]) -> Detail:
    return {f"seconds_layer_{layer}": value for layer, value in enumerate(seconds)}

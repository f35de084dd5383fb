"""One question, every engine: the layers of a drawn flow, from the reference or from the dbt models."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from cleanroom.moneyflow.reference import Arrival, Arrivals, Direction, Transfer, WalkRule, begins_at, expand
from tests.factories.dbt_models import ModelBench
from tests.factories.drawing import Flow, at

LAYERS = 6
WAYS = (Direction.FORWARD, Direction.BACKWARD)
# Far after everything that is drawn, unless a test says otherwise.
END = at("day 60 00:00")
LAYER_MODELS = ("int_moneyflow__steps", *(f"int_moneyflow__layer_{layer}" for layer in range(LAYERS + 1)))
COMPILED = ("intermediate.moneyflow", "staging")
LISTED = at("day 10 00:00")

Ask = Callable[..., Arrivals]


def ask_reference(
    flow: Flow,
    listed: Mapping[str, datetime],
    *,
    direction: Direction = Direction.FORWARD,
    as_of: datetime = END,
) -> Arrivals:
    starts = {account: begins_at(when, direction) for account, when in listed.items() if when < as_of}
    rule = WalkRule(direction=direction, before=as_of)
    return expand(flow.carried(), starts, rule)[direction].arrivals


def ask_models(
    bench: ModelBench,
    flow: Flow,
    listed: Mapping[str, datetime],
    *,
    direction: Direction = Direction.FORWARD,
    as_of: datetime = END,
) -> Arrivals:
    return answers(bench, flow, listed, as_ofs=[as_of])[as_of, direction]


def answers(
    bench: ModelBench, flow: Flow, listed: Mapping[str, datetime], *, as_ofs: list[datetime]
) -> dict[tuple[datetime, Direction], Arrivals]:
    """Every cut-off and both directions at once, as the models compute them."""
    bench.given("int_transfers__joined", [_transfer(t, flow) for t in flow.transfers])
    bench.given("int_moneyflow__as_of", [{"as_of": moment, "is_latest": moment == max(as_ofs)} for moment in as_ofs])
    bench.given("int_list_events__listings", [listing(account, when) for account, when in listed.items()])
    bench.build(*LAYER_MODELS)
    found: dict[tuple[datetime, Direction], Arrivals] = {(m, d): {} for m in as_ofs for d in WAYS}
    for layer in range(LAYERS + 1):
        for row in bench.rows(f"int_moneyflow__layer_{layer}"):
            place = (row["account_token"], row["layer"])
            arrivals = found[row["as_of"], Direction(row["direction"])]
            assert place not in arrivals, "an account stands twice at one layer"
            arrivals[place] = _arrival(row, arrivals)
    return found


def listing(account: str, listed_at: datetime, ended_at: datetime | None = None) -> dict:
    """A row of int_list_events__listings."""
    row = {"account_token": account, "listing": 0, "listed_at": listed_at, "ended_at": ended_at}
    return row | {"ends_by_law_at": listed_at + timedelta(days=730)}


def _transfer(transfer: Transfer, flow: Flow) -> dict:
    return {
        "transfer_id": transfer.transfer_id,
        "executed_at": transfer.executed_at,
        "sender_account_token": transfer.sender,
        "receiver_account_token": transfer.receiver,
        "reversed": transfer.transfer_id in flow.reversed_ids,
    }


def _arrival(row: dict, arrivals: Arrivals) -> Arrival:
    before = arrivals.get((row["from_account_token"], row["layer"] - 1))
    return Arrival(
        row["account_token"],
        row["layer"],
        row["arrived_at"],
        row["start_account_token"],
        row["via_transfer_id"],
        row["from_account_token"],
        (*before.path, row["via_transfer_id"]) if before else (),
    )

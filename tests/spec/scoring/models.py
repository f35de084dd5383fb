"""Worlds as the rows of dbt models, and the features that the models make of them."""

from datetime import datetime, timedelta

from tests.factories.dbt_models import ModelBench
from tests.spec.scoring.world import World, bank_of

SELECTED = ("staging", "intermediate", "marts.scoring")
GRAPH = ("int_graph__edges", "int_graph__ties")
SCORING = (
    "int_scoring__legs", "int_scoring__watch_listed", "int_scoring__degrees", "int_scoring__passages",
    "int_scoring__returns", "int_scoring__carries", "int_scoring__scatters", "int_scoring__gatherings",
    "int_scoring__neighbours", "int_scoring__shared_counterparties", "int_scoring__distances",
    "int_scoring__taint_bounds", "int_scoring__balances", "int_scoring__pulls", "int_scoring__random_walks",
    "int_scoring__single_pairs",
    "int_scoring__single_dealings", "int_scoring__twins", "int_scoring__repeats", "int_scoring__crowds",
    "int_scoring__flagged_identifiers",
    "int_scoring__holders", "account_features",
)  # fmt: skip


def give(bench: ModelBench, world: World) -> None:
    """Fill what the models of graph and scoring read."""
    bench.given(
        "int_moneyflow__as_of", [{"cut_off": m, "as_of": m, "is_latest": m == max(world.as_ofs)} for m in world.as_ofs]
    )
    bench.given("int_transfers__joined", [_transfer(p) for p in world.paid])
    bench.given("int_accounts__known", _accounts(world))
    bench.given("stg_landing__holdings", [_holding(h) for h in world.held])
    calls = [{"caller_token": a, "callee_token": b, "started_at": at} for a, b, at in world.calls]
    bench.given("stg_landing__contacts", calls)
    bench.given("stg_landing__cross_industry_list", [_cross(row) for row in world.cross])
    bench.given("int_list_events__listings", [_listing(row) for row in world.listed])
    bench.given("stg_landing__list_events", _events(world))
    bench.given("int_moneyflow__layers", [_layer(row) for row in world.layers])


def features_of(bench: ModelBench, world: World) -> dict[tuple[str, datetime], dict]:
    """(account, cut-off) -> the row's numbers."""
    give(bench, world)
    bench.build(*GRAPH, *SCORING)
    keys = ("as_of", "is_latest", "account_token", "institution", "kind", "is_watch_listed")
    rows = bench.rows("account_features")
    return {(r["account_token"], r["as_of"]): {k: v for k, v in r.items() if k not in keys} for r in rows}


def _transfer(paid) -> dict:
    return {
        "transfer_id": paid.name, "executed_at": paid.at, "amount_cents": paid.cents,
        "sender_account_token": paid.sender, "sender_institution": bank_of(paid.sender),
        "receiver_account_token": paid.receiver, "receiver_institution": bank_of(paid.receiver),
        "preregistered": paid.preregistered, "reversed": paid.reversed,
    }  # fmt: skip


def _accounts(world: World) -> list[dict]:
    owned = [
        {"account_token": a, "institution": bank_of(a), "owned": True, "holder_token": holder, "kind": "personal",
         "opened_on": opened}
        for a, (holder, opened) in world.accounts.items()
    ]  # fmt: skip
    return owned + [{"account_token": a, "institution": bank_of(a), "owned": False} for a in world.outside]


def _holding(held) -> dict:
    holder_kind = "device" if held.by_device else "national_id"
    return {"holder_kind": holder_kind, "holder_token": held.holder, "asset_kind": held.kind,
            "asset_token": held.asset, "held_from": held.since}  # fmt: skip


def _cross(row) -> dict:
    identifier, name, since, until = row
    return {"identifier_token": identifier, "list_name": name, "listed_at": since, "lifted_at": until}


def _listing(row) -> dict:
    account, since, until, _ = row
    by_law = since + timedelta(days=730)
    return {"account_token": account, "listing": 0, "listed_at": since, "ended_at": until, "ends_by_law_at": by_law}


def _events(world: World) -> list[dict]:
    accounts = [
        {"subject_kind": "account", "subject_token": a, "list_name": "watch_listed", "event": "listed",
         "occurred_at": since, "case_no": "c", "reported_loss_cents": cents}
        for a, since, _, cents in world.listed
    ]  # fmt: skip
    return accounts + [
        {"subject_kind": "person", "subject_token": holder, "list_name": "warned", "event": "listed",
         "occurred_at": at, "case_no": "c"}
        for holder, at in world.persons
    ]  # fmt: skip


def _layer(row) -> dict:
    as_of, way, account, layer, at, before = row
    return {"as_of": as_of, "direction": way, "account_token": account, "layer": layer, "arrived_at": at,
            "from_arrived_at": before, "start_account_token": account}  # fmt: skip

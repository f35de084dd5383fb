"""The evaluation on the three banks' ledgers of an independent simulator. The truth only judges."""

from pathlib import Path

import pytest

from cleanroom.evaluation.body import blocked_body
from cleanroom.evaluation.outcome import answer
from cleanroom.evaluation.reach import Start, nearest_layers
from cleanroom.evaluation.rules import DAY_US, EvaluationRules
from cleanroom.evaluation.scenarios import prepare
from cleanroom.pipeline.blocked import folder_bench
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.evaluation import _read_ledger, pattern_reach, reach_summary
from cleanroom.vocabulary.terms import Scenario

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "three_banks"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the data set three_banks is not beside the project"),
]
RULES = EvaluationRules()
LAYERS = """
select account_token, min(layer) as layer from moneyflow.int_moneyflow__layers as layers
inner join moneyflow.int_moneyflow__as_of as cut_offs on cut_offs.as_of = layers.as_of and cut_offs.is_latest
where direction = ? group by account_token
"""


@pytest.fixture(scope="module")
def room():
    with folder_bench(DATA, None, delay_hours=RULES.notice_delay_hours, say=str) as bench:
        run_dbt(bench, "run", ("staging", "intermediate.moneyflow", "followed_transfers", "reported_losses"))
        yield bench


@pytest.fixture(scope="module")
def read(room):
    return _read_ledger(room.warehouse)


@pytest.fixture(scope="module")
def truth(room):
    return room.truth


def test_all_transfers_and_listings_are_read(read):
    ledger, listings = read
    assert len(ledger) == 111_377 and len(listings) == 61
    assert sum(x.reported_cents for x in listings) == 121_937_800


@pytest.fixture(scope="module")
def body(read, truth):
    ledger, listings = read
    case = prepare(ledger, listings, frozenset(range(3)), RULES)
    return blocked_body(answer(case, RULES, truth=truth), RULES, truth=truth)


def test_the_answer_keeps_its_bounds(body):
    money = [body["scenarios"][s]["money_twd"] for s in Scenario]
    assert money == sorted(money), "each scenario keeps the measures before it"
    assert 0 < money[0] < money[-1] <= body["came_in_twd"] <= body["reported_twd"] == 1_219_378
    for s, figures in (*body["scenarios"].items(), *body["alone"].items()):
        own = s == Scenario.OWN_BANK
        assert (figures["extra_money_twd"] is None) == (figures["extra_money_twd_interval"] is None) == own
        for name in ("money_twd", "accounts", "innocent_accounts", *(() if own else ("extra_money_twd",))):
            low, high = figures[f"{name}_interval"]
            assert low <= figures[name] <= high and low < high, name
        assert 0 <= figures["innocent_accounts"] <= figures["accounts_controlled_not_listed"]


def test_the_parts_add_up_along_the_whole_curve(body):
    delays = len(body["curve"]["delay_hours"])
    assert delays == 15
    for s in Scenario:
        whole = body["curve"]["scenarios"][s]
        for what in ("institution", "layer"):
            parts = [part["scenarios"][s] for part in body["parts"][what].values()]
            assert len(parts) >= 3
            for n in range(delays):
                assert sum(p["money_twd"][n] for p in parts) == pytest.approx(whole["money_twd"][n], abs=0.1)
                assert sum(p["accounts"][n] for p in parts) == whole["accounts"][n]
                assert sum(p["innocent_accounts"][n] for p in parts) == whole["innocent_accounts"][n]
    for kind, part in body["parts"]["typology"].items():
        assert all(m <= part["came_in_twd"] for p in part["scenarios"].values() for m in p["money_twd"]), kind


def test_whether_the_measures_nest_is_a_finding(body):
    found = {(n["narrower"], n["wider"]): n["accounts_missed"] for n in body["nesting"]}
    assert found[Scenario.SHARED_GRAPH_DAILY, Scenario.SHARED_GRAPH_REALTIME] == 0
    assert found[Scenario.SHARED_LIST, Scenario.SHARED_GRAPH_REALTIME] > 0, "the list controls others than the graph"


def test_every_account_of_a_pattern_is_reachable_or_reported_as_not_reachable(read, truth):
    ledger, listings = read
    found = pattern_reach(ledger, listings, truth, RULES)
    assert len(found) == 61
    summary = reach_summary(found)
    assert summary["reachable"] + summary["not_reachable"] == summary["pairs"] == sum(len(x.accounts) for x in found)
    assert summary["reachable"] > summary["not_reachable"]
    assert summary["not_reachable"] == sum(len(x.not_reachable) for x in found)


@pytest.mark.parametrize("direction, lookback_days", [("forward", RULES.lookback_days), ("backward", 0)])
def test_reach_agrees_with_the_layers_of_the_warehouse(room, read, direction, lookback_days):
    ledger, listings = read
    starts = [Start(x.account, x.listed_us - lookback_days * DAY_US) for x in listings]
    nearest: dict[str, int] = {}
    for walk in nearest_layers(ledger, starts, layers=6, backward=direction == "backward"):
        for account, layer in walk.items():
            token = ledger.tokens[account]
            nearest[token] = min(layer, nearest.get(token, layer))
    layers = room.warehouse.query(LAYERS, [direction]).to_pylist()
    assert len(layers) > 1000
    assert nearest == {r["account_token"]: r["layer"] for r in layers}

"""The marts of dispatch and evaluation on real warehouses: the same rows on both engines, all promises kept."""

import pytest

from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.dispatch import _HANDLES
from cleanroom.pipeline.evaluation import evaluate
from tests.factories.evaluated_room import CENTS, FIRST, RELEASE, SECOND, THIRD, VICTIM, tok

MARTS = ("marts.dispatch", "marts.evaluation")
VARIABLES = {"release_id": RELEASE, "warning_capacity": 2, "care_capacity": 5, "care_least_cents": 1000,
             "predicted_watch_times": 1.2, "predicted_black_times": 1, "predicted_grey_times": 0.5}  # fmt: skip
TABLES = {
    "dispatch.suspected_accounts": "place",
    "dispatch.predicted_lists": "place",
    "dispatch.warning_candidates": "account_token",
    "dispatch.warning_paths": "account_token, layer",
    "dispatch.care_candidates": "place",
    "evaluation.followed_transfers": "transfer_id",
    "evaluation.reported_losses": "account_token",
    "evaluation.ranked_accounts": "place",
}
pytestmark = pytest.mark.slow


def contents(room, command="build"):
    only = ("--exclude-resource-type", "unit_test") if command == "build" else ()
    run_dbt(room, command, MARTS, VARIABLES, options=only)
    return {
        name: room.warehouse.query(f"select * from {name} order by {order}").to_pylist()
        for name, order in TABLES.items()
    }


@pytest.fixture(scope="module")
def built(room):
    return contents(room)


def test_the_case_through_three_banks(built):
    by_account = {r["account_token"]: r for r in built["dispatch.warning_candidates"]}
    second, third = by_account[tok(SECOND)], by_account[tok(THIRD)]
    assert (second["layer"], second["institution"], second["amount_bound_cents"]) == (1, "700", CENTS)
    assert (third["layer"], third["institution"], third["amount_bound_cents"]) == (2, "808", CENTS)
    assert {second["start_account_token"], third["start_account_token"]} == {tok(FIRST)}
    assert (second["resting_cents"], third["resting_cents"]) == (0, CENTS)
    assert [r["account_token"] for r in built["dispatch.care_candidates"]] == [tok(VICTIM)]
    assert [r["account_token"] for r in built["evaluation.reported_losses"]] == [tok(FIRST)]


def test_predicted_lists_follow_the_ranking(built):
    rows = built["dispatch.predicted_lists"]
    grave = {"watch": 0, "black": 1, "grey": 2}
    assert rows, "this test would pass on nothing"
    assert rows[0]["list_name"] == "watch"
    assert [grave[r["list_name"]] for r in rows] == sorted(grave[r["list_name"]] for r in rows)
    assert all(r["times_average"] >= 0.5 for r in rows)


def test_paths_lead_from_the_listed_account_to_the_warned_one(built):
    path = [r for r in built["dispatch.warning_paths"] if r["account_token"] == tok(THIRD)]
    assert [(r["sender_institution"], r["receiver_institution"]) for r in path] == [("822", "700"), ("700", "808")]


def test_the_same_build_again_gives_the_same_rows(room, built):
    assert contents(room, "run") == built


def test_only_dispatch_reads_the_way_back_and_the_latest_handle_counts(room, built):
    found = room.warehouse.query(_HANDLES).to_pylist()
    assert {r["account_token"] for r in found} == {tok(SECOND), tok(THIRD), tok(VICTIM)}


def test_the_unit_tests_of_the_models(room, built):
    run = run_dbt(room, "test", [f"{mart},test_type:unit" for mart in MARTS])
    assert len(run.nodes) >= 7
    assert {(n.kind, n.status) for n in run.nodes} == {("unit_test", "pass")}


@pytest.mark.emulator
def test_both_engines_give_the_same_rows(built, bigquery_room):
    assert contents(bigquery_room, "run") == built


@pytest.mark.emulator
def test_the_step_gives_the_same_answer_on_both_engines(room, bigquery_room):
    answers = []
    for one in (room, bigquery_room):
        evaluate(one, run_id="engines")
        answers.append([r.body for r in one.portal.results[-2:]])
    assert answers[0] == answers[1]

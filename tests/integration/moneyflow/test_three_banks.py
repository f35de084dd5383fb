"""The money-flow step on the three banks' files: transfers of an independent simulator, twice where they cross."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from cleanroom.pipeline.moneyflow import build
from tests.factories.landing import account_token, land_folder
from tests.factories.small_room import open_small_room

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "three_banks"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the data set three_banks is not beside the project"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    room = open_small_room(tmp_path_factory.mktemp("three_banks"))
    land_folder(room.warehouse, DATA)
    yield room, build(room, run_id="three_banks")
    room.warehouse.close()


def test_counts(built):
    _, result = built
    assert result.detail["rows_landed"] == 180_766
    assert result.detail["transfers"] == 111_377
    assert result.detail["watch_listed"] == 61
    assert result.detail["accounts"] == 10_000


def test_both_legs_of_every_crossing_transfer_were_found(built):
    _, result = built
    assert result.detail["legs_matched"] == 180_766 - 111_377
    assert result.detail["legs_own"] == 111_377 - result.detail["legs_matched"]
    assert (result.detail["legs_unmatched"], result.detail["legs_disagreeing"]) == (0, 0)


def test_eight_weekly_cut_offs_none_looks_ahead(built):
    room, _ = built
    cut_offs = room.warehouse.query("select as_of, is_latest from moneyflow.int_moneyflow__as_of order by as_of")
    assert cut_offs["is_latest"].to_pylist() == [False] * 7 + [True]
    late = "select count(*) as n from moneyflow.int_moneyflow__layers where arrived_at >= as_of"
    assert room.warehouse.query(late)["n"].to_pylist() == [0]


def test_every_account_in_a_pattern_is_reached_or_said_to_be_not(built):
    """From the pattern's watch-listed accounts, in either direction and any order of the listings."""
    room, _ = built
    layers = room.warehouse.query(
        "select distinct account_token from moneyflow.int_moneyflow__layers as layers"
        " inner join moneyflow.int_moneyflow__as_of as cut_offs on cut_offs.as_of = layers.as_of and cut_offs.is_latest"
    )
    reached = set(layers["account_token"].to_pylist())
    with (DATA / "truth" / "accounts.csv").open(encoding="utf-8") as file:
        truth = list(csv.DictReader(file))
    assert len(truth) > 100, "the truth is missing, so this would prove nothing"
    listed = {row["pattern"] for row in truth if row["watch_listed_at"]}
    outcome = Counter(
        (row["pattern"] in listed, account_token(row["institution"], row["account"]) in reached) for row in truth
    )
    with_listing, found = outcome[True, True] + outcome[True, False], outcome[True, True]
    assert with_listing > 0
    assert found / with_listing > 0.9

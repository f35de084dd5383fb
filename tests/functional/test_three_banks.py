"""The whole line on the files of an independent simulator at three banks: what has to come out is known."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "three_banks"
SCENARIOS = {"own_bank", "shared_list", "shared_graph_daily", "shared_graph_realtime"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not DATA.is_dir(), reason="the three banks' files are not part of the project"),
]


def cleanroom_run(workdir: Path, results: Path) -> dict:
    command = [sys.executable, "-m", "cleanroom.cli", "run", "--data", str(DATA), "--workdir", str(workdir)]
    done = subprocess.run([*command, "--json", str(results)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(results.read_text())


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    return tmp_path_factory.mktemp("three_banks")


@pytest.fixture(scope="module")
def results(workdir):
    return cleanroom_run(workdir / "home", workdir / "first.json")


def test_both_legs_are_joined_into_one_transfer(results):
    assert results["rows_uploaded"] == 180_766
    assert results["transfers"] == 111_377
    assert results["accounts"] == 10_000
    assert results["watch_listed"] == 61
    assert results["legs"]["disagreeing"] == 0


def test_every_station_did_something(results):
    stations = {station["name"]: station for station in results["stations"]}
    assert set(stations) == {"sealing", "intake", "moneyflow", "scoring", "dispatch", "evaluation"}
    assert all(station["rows"] > 0 and station["seconds"] > 0 for station in stations.values())


def test_every_bank_is_warned_and_answers(results):
    assert set(results["warnings"]) == {"700", "808", "822"}
    assert all(count > 0 for count in results["warnings"].values())
    assert results["answers"].get("unanswered", 0) == 0


def test_the_programmes_question_has_an_answer(results):
    assert set(results["blocked"]) == SCENARIOS
    assert all(figures["money_twd"] >= 0 and figures["accounts"] >= 0 for figures in results["blocked"].values())
    together, alone = results["blocked"]["shared_graph_realtime"], results["blocked"]["own_bank"]
    assert together["money_twd"] > alone["money_twd"]
    assert 0 < results["precision"] <= 1
    assert 0 < results["recall"] <= 1
    assert results["peak_rss_bytes"] < 4e9


def test_every_account_of_a_pattern_is_reachable_or_reported(results):
    reach = results["detection"]["reach"]
    assert reach["watch_listed"] == 61
    assert reach["pairs"] > 1000
    assert reach["reachable"] + reach["not_reachable"] == reach["pairs"]
    assert sum(reach["by_layer"].values()) == reach["reachable"]


def test_people_released_the_model(results):
    assert results["release"]["tier"] == "R3"
    assert results["release"]["sign_offs"] >= 10  # R3 with three institutions


def test_the_same_again_ends_in_the_same_state(results, workdir):
    again = cleanroom_run(workdir / "home", workdir / "second.json")
    for name in (
        "rows_uploaded",
        "transfers",
        "accounts",
        "watch_listed",
        "warnings",
        "blocked",
        "precision",
        "recall",
    ):
        assert again[name] == results[name], name

"""The results document and the page a person reads, with and without a known truth."""

import json

import pytest
from rich.console import Console

from cleanroom.cli.rehearsal_summary import show_summary
from cleanroom.contracts.messages import StationRun
from cleanroom.pipeline.rehearsal import summary

ALONE = {
    "money_twd": 100.0, "money_twd_interval": [90.0, 110.0], "extra_money_twd": 0.0,
    "extra_money_twd_interval": [0.0, 0.0], "accounts": 2, "accounts_interval": [1, 3], "extra_accounts": 0,
    "extra_accounts_interval": [0, 0],
}  # fmt: skip
TOGETHER = ALONE | {"money_twd": 180.5, "accounts": 5, "extra_money_twd": 80.5, "extra_accounts": 3}
BODY = {"scenarios": {"own_bank": ALONE | {"x": 1}, "shared_graph_realtime": TOGETHER | {"x": 1}}}


def write(home, station, step, rows, **detail):
    run = StationRun(run_id="run-1", station=station, step=step, started_at="2026-01-01T00:00:00Z", seconds=1.5,
                     rows=rows, detail=detail)  # fmt: skip
    folder = home / "room" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run-1.jsonl").open("a") as file:
        file.write(json.dumps(run.model_dump(mode="json")) + "\n")


class Draft:
    release_id, tier = "r-1", "R3"


class Release:
    draft, sign_offs, waivers = Draft, (1, 2), ()


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "en")


@pytest.fixture
def document(tmp_path):
    write(tmp_path, "evaluation", "evaluate", 9)
    write(tmp_path, "intake", "take_in", 4)
    write(tmp_path, "intake", "take_in", 6)
    write(tmp_path, "moneyflow", "build", 7, transfers=7, rows_landed=10, watch_listed=1, accounts=5, legs_own=7)
    folder = tmp_path / "room" / "results"
    folder.mkdir(parents=True)
    (folder / "blocked.json").write_text(json.dumps({"body": BODY}))
    (folder / "detection.json").write_text(json.dumps({"body": {"precision": None, "recall": None}}))

    def make():
        return summary.summarise(home=tmp_path, run_id="run-1", codes=["700"], release=Release, warnings=[],
                                 peak_rss_bytes=10**9)  # fmt: skip

    return folder, make


def test_stations_stand_in_the_order_of_the_line(document):
    found = document[1]()
    assert [(s["name"], s["rows"], s["seconds"]) for s in found["stations"]] == [
        ("intake", 10, 3.0), ("moneyflow", 7, 1.5), ("evaluation", 9, 1.5),
    ]  # fmt: skip
    assert found["rows_uploaded"] == 10
    assert found["legs"] == {"own": 7}
    assert found["warnings"] == {"700": 0}
    assert found["blocked"] == {"own_bank": ALONE, "shared_graph_realtime": TOGETHER}


def test_without_a_truth_precision_is_null_and_said_so(document):
    found = document[1]()
    assert found["precision"] is None and found["recall"] is None
    assert "not known" in shown(found)


def test_extra_is_counted_against_each_bank_alone(document):
    folder, make = document
    (folder / "detection.json").write_text(json.dumps({"body": {"precision": 0.5, "recall": 0.25}}))
    text = shown(make())
    assert "Shared graph, in real time" in text and "shared_graph" not in text
    assert "+80" in text and "+3" in text
    assert "precision 0.500, recall 0.250" in text


def test_it_is_shown_in_chinese_to_who_reads_it(document, monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "zh-hant")
    text = shown(document[1]())
    assert "共享金流圖（即時）" in text and "匯入" in text
    assert "上傳 10 列，合為 7 筆交易（同一機構 7）" in text
    assert "精確率與召回率：未知" in text


def test_the_transfers_of_which_no_other_end_is_expected_are_some_of_the_unmatched(document, monkeypatch):
    legs = {"own": 12_769, "matched": 24_502, "unmatched": 2_397, "disagreeing": 19, "not_expected": 2_369}
    found = document[1]() | {"legs": legs}
    assert "24,502 matched, 2,397 unmatched (of which 2,369 not expected), 19 disagreeing)" in shown(found)
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "zh-hant")
    assert "僅有一端 2,397（其中 2,369 筆無須另一端）、兩端不一致 19）" in shown(found)


def test_it_says_why_dispatch_has_more_rows_than_warnings(document, tmp_path, monkeypatch):
    assert "dispatch" not in shown(document[1]())
    write(tmp_path, "dispatch", "send", 190, sent=162, known=0, unroutable=28, held=0, capped=0)
    found = document[1]()
    assert "dispatch: 190 warnings due, 162 sent; the others: to nobody here: 28" in shown(found)
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "zh-hant")
    assert "應派送 190 件，送出 162 件；其餘：無接收機構：28" in shown(found)


def shown(found) -> str:
    console = Console(record=True, width=120)
    show_summary(found, console)
    return console.export_text()

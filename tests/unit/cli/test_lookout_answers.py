"""What a person reads of the lookout's answers: units, times, what was left out; advice that fits."""

import io

import pytest
from rich.console import Console

from cleanroom.cli import lookout_answers, lookout_words
from cleanroom.errors import IndexDamaged, NotAllowed, NotFound, RequestInvalid, ServiceFault

ACCOUNT, OTHER, TRANSFER = ("0123456789abcdef" * 2, "fedcba9876543210" * 2, "00ff" * 8)
PHONE = "abcd0123" * 4
STATE = {"number": 7, "data_end": "2026-03-02T12:00:00Z"}
RULE = {
    "layers": 6,
    "direction": "backward",
    "in_time": True,
    "max_delay_s": 5400.0,
    "hub_limit": 1000,
    "keep_latest": None,
    "after": None,
    "before": "2026-03-02T12:00:00Z",
}


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "en")


def read(show, *given, **options) -> str:
    console = Console(file=io.StringIO(), width=80)
    show(console, *given, **options)
    return console.file.getvalue()


def verdict(**more) -> dict:
    said = {"account": ACCOUNT, "known": True, "downstream": True, "layer": 2, "is_watch_listed": False}
    said |= {"tainted_received_cents": 123456705, "tainted_held_cents": 5, "since": "2026-03-02T17:30:00Z"}
    return said | {"start": OTHER} | more


def test_a_verdict_says_how_far_how_much_since_when_and_from_whom():
    answer = {"rule": RULE, "lookback_days": 30, "state": STATE, "verdicts": [verdict()]}
    said = read(lookout_answers.verdicts, answer)
    for part in ("layer 2", "TWD 1,234,567.05", "TWD 0.05", "2026-03-03 01:30:00 (Taipei)", OTHER, "30 days"):
        assert part in said


def standing(**more) -> dict:
    supervisor = {"pid": 11, "host": "127.0.0.1", "port": 8470, "running": {"keeper": 12}, "deaths": {"keeper": 0}}
    keeper = {"delta": 400, "state": 7, "verdict_state": 7}
    health = {"ready": True, "keeper_silent_s": 0.2, "transfers": 50_000_000, "accounts": 1_234, "behind": 0}
    return {"supervisor": supervisor, "keeper": keeper, "health": health | {"state": STATE} | more, "outdated": {}}


def test_how_the_service_does_is_said_in_both_languages(monkeypatch):
    said = read(lookout_answers.status, **standing())
    for part in (
        "Ready.",
        "http://127.0.0.1:8470 by process 11: keeper 12.",
        "50,000,000 transfers",
        "No batch waits.",
    ):
        assert part in said
    assert "2026-03-02 20:00:00 (Taipei)" in said
    assert "died" not in said
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "zh-hant")
    said = read(lookout_answers.status, **standing(behind=3))
    for part in ("服務就緒。", "50,000,000 筆交易", "待處理批次：3 件。"):
        assert part in said


def test_what_is_wrong_with_the_service_is_said():
    troubled = standing(ready=False, keeper_silent_s=61.4)
    troubled["supervisor"]["deaths"] = {"keeper": 2, "worker-1": 0}
    troubled["keeper"]["verdict_state"] = 5
    said = read(lookout_answers.status, **troubled)
    for part in ("no sign of life for 61 s", "keeper died lately", "times: 2.", "still of state 5"):
        assert part in said
    assert "worker 1 died" not in said
    said = read(lookout_answers.status, **standing() | {"outdated": {"reversed": 3, "epoch": 2}})
    for part in ("reversed since: 3;", "another K2"):
        assert part in said
    first = standing(ready=False, keeper_silent_s=None, behind=None) | {"supervisor": {}, "keeper": {}}
    said = read(lookout_answers.status, **first)
    assert "has not begun yet" in said


def test_an_unknown_account_is_not_called_clean():
    answer = {"rule": RULE, "lookback_days": 30, "state": STATE, "verdicts": [verdict(known=False, since=None)]}
    said = read(lookout_answers.verdicts, answer)
    assert "unknown" in said
    assert "TWD" not in said


def arrival(layer: int) -> dict:
    said = {"account": ACCOUNT, "layer": layer, "at": "2026-03-02T12:00:00.5Z", "amount_cents": 100000}
    return said | {"came_from": OTHER, "path": [TRANSFER] * layer}


def test_an_expansion_says_its_rule_and_what_is_missing():
    way = {"direction": "backward", "arrivals": [arrival(1), arrival(2)], "reached": 1, "looked_at": 9}
    way |= {"hubs": [OTHER], "truncated": [], "cut": {"by": "accounts", "layer": 2}, "identifiers": {}}
    answer = {"rule": RULE, "link_limit": None, "state": STATE, "ways": [way]}
    said = read(lookout_answers.expansion, OTHER, answer, rows=1)
    for part in (
        ACCOUNT,
        "1,000.00",
        "1.5 h",
        "over 1,000 transfers",
        "Not shown: 1",
        "not passed: 1",
        "Cut at layer 2",
    ):
        assert part in said


def test_accounts_of_several_layers_are_explained():
    way = {"direction": "forward", "arrivals": [arrival(1), arrival(2)], "reached": 1, "looked_at": 9}
    way |= {"hubs": [], "truncated": [], "cut": None, "identifiers": {}}
    answer = {"rule": RULE, "link_limit": None, "state": STATE, "ways": [way]}
    said = read(lookout_answers.expansion, OTHER, answer, rows=9)
    assert "Accounts reached: 1; transfers looked at: 9" in said
    assert "layer 1: 1, layer 2: 1; 2 in all, as an account counts at every layer" in said
    answer["ways"] = [way | {"reached": 2}]
    assert "By layer: layer 1: 1, layer 2: 1.\n" in read(lookout_answers.expansion, OTHER, answer, rows=9)


def test_a_link_step_says_what_both_accounts_have_and_moves_no_money():
    linked = arrival(2) | {"via": PHONE, "amount_cents": None, "path": [TRANSFER, PHONE]}
    way = {"direction": "forward", "arrivals": [arrival(1), linked], "reached": 2, "looked_at": 9}
    way |= {"hubs": [], "truncated": [], "cut": None, "identifiers": {PHONE: "phone"}}
    answer = {"rule": RULE, "link_limit": 10, "state": STATE, "ways": [way]}
    said = " ".join(read(lookout_answers.expansion, OTHER, answer, rows=9).split())
    for part in ("of at most 10 accounts", "same phone", PHONE[:8], "1,000.00"):
        assert part in said
    assert PHONE not in said


def test_a_trace_that_was_cut_does_not_say_that_there_is_no_walk():
    answer = {"rule": RULE, "state": STATE, "steps": [], "found": False, "direction": None}
    assert "there may be one" in read(lookout_answers.trace, answer | {"cut": {"by": "seconds", "layer": 3}})
    assert "No walk leads" in read(lookout_answers.trace, answer | {"cut": None})


def test_a_backward_trace_points_along_the_money():
    step = {"transfer": TRANSFER, "at": "2026-03-02T12:00:00Z", "sender": OTHER, "receiver": ACCOUNT, "amount_cents": 1}
    answer = {"rule": RULE, "state": STATE, "cut": None, "found": True, "direction": "backward", "steps": [step]}
    lines = read(lookout_answers.trace, answer).splitlines()
    at = lines.index(ACCOUNT)
    assert lines[at + 1].startswith(f"  ^ 2026-03-02 20:00:00  TWD 0.01  transfer {TRANSFER}")
    assert lines[at + 2] == OTHER


def test_sums_over_some_transfers_alone_are_called_at_least():
    some = {"transfers": 5000, "counterparties": 3, "cents": 100, "looked_at": 1000}
    activity = {"days": 30, "incoming": some, "outgoing": some | {"looked_at": 5000}, "pass_through": 0.25}
    nearest = {"direction": "forward", "account": None, "layer": None, "at": None, "looked_at": 1, "cut": None}
    answer = {"account": ACCOUNT, "as_of": "2026-03-02T12:00:00Z", "rule": RULE, "state": STATE, "is_hub": True}
    answer |= {"verdict": verdict(), "activity": [activity], "nearest": [nearest]}
    said = read(lookout_answers.risk, answer)
    for part in ("≥1.00", "≥3", "25%", "a hub", "reached no watch-listed account"):
        assert part in said


def test_proposals_are_named_up_to_the_rows_asked_for():
    proposal = {"at": "2026-03-02T12:00:00Z", "state": 7, "cases": ["C1", "C2"], "accounts": [ACCOUNT, OTHER]}
    said = read(lookout_answers.proposals, {"state": STATE, "proposals": [proposal]}, rows=1)
    assert "C1, C2" in said
    assert ACCOUNT in said
    assert OTHER not in said
    assert "Not shown: 1" in said


@pytest.mark.parametrize(
    ("error", "advised"),
    [
        (RequestInvalid("s", rule="question_form"), "--help"),
        (NotFound("s", rule="account"), "token"),
        (IndexDamaged("s", rule="no_index"), "--room-graph"),
        (IndexDamaged("s"), "docs/stations/lookout.md"),
        (NotAllowed("this folder is served already; `cleanroom lookout status` says by whom"), ""),
        (ServiceFault("nothing is served from this folder; start `cleanroom lookout serve`"), ""),
    ],
)
def test_advice_is_about_the_lookout_and_absent_where_the_sentence_says_all(error, advised):
    advice = lookout_words.advice(error)
    assert advised in advice
    assert bool(advice) == bool(advised)
    assert "portal" not in advice

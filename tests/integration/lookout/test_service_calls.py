"""The contract of each call, over HTTP, of a service as it runs in the room: supervisor, keeper, two workers."""

import json
import time
from datetime import timedelta

import httpx
import msgspec
import pyarrow.parquet as pq
import pytest

from cleanroom.cli import main
from cleanroom.errors import NotAllowed, NotFound, RequestInvalid
from cleanroom.lookout.service import answers, batches
from cleanroom.lookout.service.problems import Problem
from cleanroom.lookout.service.spool import Receipt
from cleanroom.stores.audit_parts import AuditParts
from cleanroom.vocabulary.terms import LookoutRole
from tests.factories.lookout_service import (
    NOON,
    as_json,
    chain_of,
    indexed,
    listing,
    publish_listings,
    served,
    table_of,
    token,
    transfer,
    until,
)
from tests.factories.tie_tables import published

pytestmark = pytest.mark.slow  # starts processes
SMALL = {
    "CLEANROOM_LOOKOUT_QUESTION_BYTES": "4000",
    "CLEANROOM_LOOKOUT_MOST_ACCOUNTS": "50",
    "CLEANROOM_LOOKOUT_BODY_SECONDS": "1",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A0 -> A1 -> ... -> A9, a minute apart; HUB pays a hundred; A0 is watch-listed, what X paid it was reported."""
    home = tmp_path_factory.mktemp("lookout") / "home"
    hub = [transfer(500 + i, "HUB", f"H{i}", minute=100 + i / 100) for i in range(100)]
    reported = [transfer(1, "X", "A0", minute=-1, cents=700)]
    folders = indexed(home, reported + chain_of(9, first=2) + hub)
    publish_listings(folders.listings, [listing("A0", minute=0.5, cents=700)])
    with served(folders, workers=2, environ=SMALL) as running:
        yield running


def typed(response: httpx.Response, kind: type):
    """As `kind` says, and nothing beside it."""
    assert response.status_code in (200, 202), response.text
    assert response.headers["cache-control"] == "no-store"
    answer = msgspec.json.decode(response.content, type=kind)
    assert json.loads(msgspec.json.encode(answer)) == response.json()
    return answer


def refused(response: httpx.Response, status: int, rule: str) -> Problem:
    assert response.headers["content-type"] == "application/problem+json"
    problem = msgspec.json.decode(response.content, type=Problem)
    assert (response.status_code, problem.status, problem.rule) == (status, status, rule)
    return problem


# --- answers ------------------------------------------------------------------------------------------------------


def test_expand_says_where_the_money_went_and_by_which_rule(service):
    question = {"account": token("A0"), "rule": {"layers": 3}, "paths": True}
    answer = typed(service.post("/expand", question), answers.Expansion)
    (way,) = answer.ways
    assert [(a.account, a.layer, a.came_from) for a in way.arrivals] == [
        (token(f"A{k}"), k, token(f"A{k - 1}")) for k in (1, 2, 3)
    ]
    assert way.arrivals[2].path == [token(f"t{k}") for k in (2, 3, 4)]
    assert way.arrivals[0].at == "2026-03-02T12:00:00.000000Z"
    assert (answer.rule.layers, answer.rule.in_time, answer.cut) == (3, True, None)
    assert answer.bounds.seconds is not None
    assert answer.state.number == 1
    assert answer.state.data_end is not None


def test_expand_takes_the_whole_rule(service):
    rule = {"layers": 2, "direction": "both", "in_time": False}
    answer = typed(service.post("/expand", {"account": token("A4"), "rule": rule}), answers.Expansion)
    reached = {way.direction.value: {a.account for a in way.arrivals} for way in answer.ways}
    assert reached == {
        "forward": {token("A5"), token("A6")},
        "backward": {token("A3"), token("A2")},
    }
    late = {"account": token("A0"), "begins": "2026-03-02T12:00:30Z"}
    assert typed(service.post("/expand", late), answers.Expansion).ways[0].arrivals == []
    window = {"account": token("A0"), "rule": {"before": "2026-03-02T12:01:30Z"}}
    assert typed(service.post("/expand", window), answers.Expansion).ways[0].reached == 2
    slow = {"account": token("A0"), "rule": {"max_delay_s": 59.5}}
    assert typed(service.post("/expand", slow), answers.Expansion).ways[0].reached == 1


def test_expand_names_hubs_and_says_when_it_was_cut(service):
    hub = {"account": token("HUB"), "rule": {"hub_limit": 10, "direction": "forward"}}
    assert typed(service.post("/expand", hub), answers.Expansion).ways[0].reached == 100 - 50
    cut = typed(service.post("/expand", hub | {"bounds": {"accounts": 5}}), answers.Expansion)
    assert (cut.cut.by, cut.cut.layer, cut.bounds.accounts) == ("accounts", 1, 5)
    over = typed(service.post("/expand", hub | {"bounds": {"accounts": 10**6}}), answers.Expansion)
    assert over.bounds.accounts == 50, "no request lifts the ceiling"
    back = {"account": token("H1"), "rule": {"direction": "backward", "hub_limit": 10}}
    assert typed(service.post("/expand", back), answers.Expansion).ways[0].hubs == [token("HUB")]


def test_trace_gives_the_transfers_between_two_accounts(service):
    question = {"account": token("A1"), "target": token("A4")}
    answer = typed(service.post("/trace", question), answers.Trace)
    assert [(s.transfer, s.sender, s.receiver, s.amount_cents) for s in answer.steps] == [
        (token(f"t{k + 2}"), token(f"A{k}"), token(f"A{k + 1}"), 1000) for k in (1, 2, 3)
    ]
    assert (answer.found, answer.direction, answer.cut) == (True, "forward", None)
    nowhere = typed(service.post("/trace", question | {"account": token("A4"), "target": token("A1")}), answers.Trace)
    assert (nowhere.found, nowhere.steps, nowhere.cut) == (False, [], None)
    both = question | {"account": token("A4"), "target": token("A1"), "rule": {"direction": "both"}}
    assert typed(service.post("/trace", both), answers.Trace).direction == "backward"


def test_verdict_says_whether_and_by_how_much(service):
    answer = typed(service.post("/verdict", {"accounts": [token("A3")]}), answers.Verdicts)
    (verdict,) = answer.verdicts
    assert (verdict.downstream, verdict.layer, verdict.start) == (True, 3, token("A0"))
    assert (verdict.tainted_received_cents, verdict.tainted_held_cents) == (700, 0)
    assert verdict.via == token("t4")
    assert answer.lookback_days == 30


def test_verdict_of_several_says_which_are_unknown(service):
    asked = [token("A0"), token("nobody"), token("H7")]
    answer = typed(service.post("/verdict", {"accounts": asked}), answers.Verdicts)
    assert [v.account for v in answer.verdicts] == asked
    assert [(v.known, v.is_watch_listed, v.downstream) for v in answer.verdicts] == [
        (True, True, False),
        (False, False, False),
        (True, False, False),
    ]


def test_risk_says_what_is_known_of_one_account(service):
    answer = typed(service.post("/risk", {"account": token("A2")}), answers.Risk)
    assert answer.verdict.layer == 2
    assert {a.days for a in answer.activity} == {1, 7, 30}
    assert answer.activity[0].incoming.cents == 1000
    backward = next(n for n in answer.nearest if n.direction == "backward")
    assert backward.account == token("A0")
    assert answer.bounds.seconds is not None


# --- who may ask, and what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/expand", "/verdict", "/risk", "/trace"])
def test_an_unknown_account_is_not_found_and_not_repeated(service, path):
    nobody = token("nobody")
    question = {"accounts": [nobody]} if path == "/verdict" else {"account": nobody}
    response = service.post(path, question | ({"target": token("A1")} if path == "/trace" else {}))
    assert nobody not in refused(response, 404, "account").detail
    assert nobody not in response.text


@pytest.mark.parametrize("path", ["/expand", "/verdict", "/risk", "/trace", "/transfers"])
def test_nobody_asks_without_a_token_or_beyond_its_role(service, path):
    wrong = LookoutRole.READER if path == "/transfers" else LookoutRole.FEEDER
    response = service.post(path, {}, role=None)
    refused(response, 401, "token")
    assert response.headers["www-authenticate"].startswith("Bearer")
    refused(service.post(path, {}, role=None, authorization="Bearer " + "x" * 43), 401, "token")
    refused(service.post(path, {}, role=wrong), 403, "role")
    refused(service.get("/release-proposals"), 401, "token")


def test_questions_of_another_form_are_refused_in_the_readers_language(service):
    question = {"account": token("A0"), "depth": 3}
    english = refused(service.post("/expand", question), 400, "question_form")
    chinese = refused(service.post("/expand", question, **{"accept-language": "zh-TW,zh"}), 400, "question_form")
    assert english.title == "Bad Request"
    assert chinese.detail == "請求內容有此功能不識之欄位；請參閱 /openapi.json"
    refused(
        service.post("/expand", {"account": token("A0"), "rule": {"in_time": False, "max_delay_s": 9}}),
        400,
        "walk_rule",
    )


def test_what_is_too_large_or_nowhere_is_refused(service):
    refused(service.post("/verdict", {"accounts": [token("A0")] * 200}), 413, "question_size")
    refused(service.get("/expand"), 405, "method")
    refused(service.get("/accounts"), 404, "address")
    refused(
        service.post("/transfers", b"x", role=LookoutRole.FEEDER, **{"content-type": "text/csv"}), 415, "media_type"
    )


def test_a_body_that_does_not_come_is_not_waited_for(service):
    def drip():
        yield b"{"
        time.sleep(1.5)
        yield b"}"

    with service.client() as client:
        response = httpx.post(
            service.address + "/expand", content=drip(), headers=client._http.headers, trust_env=False, timeout=60
        )
    refused(response, 408, "slow_body")


# --- transfers ----------------------------------------------------------------------------------------------------


def settled(service, receipt: str) -> Receipt:
    def look():
        now = typed(service.get(f"/transfers/receipts/{receipt}", role=LookoutRole.FEEDER), Receipt)
        return now if now.standing != "waiting" else None

    return until(look, "the batch is settled")


@pytest.mark.parametrize("form", ["json", "arrow", "parquet"])
def test_a_batch_is_taken_and_found_at_once(service, form, tmp_path):
    rows = [transfer(9000 + i, f"{form}{i}", f"{form}{i + 1}", minute=200 + i) for i in range(3)]
    if form == "json":
        content, kind = json.dumps(as_json(rows)).encode(), "application/json"
    elif form == "arrow":
        content, kind = batches.as_stream(table_of(rows)), "application/vnd.apache.arrow.stream"
    else:
        pq.write_table(table_of(rows), tmp_path / "rows.parquet")
        content, kind = (tmp_path / "rows.parquet").read_bytes(), "application/vnd.apache.parquet"
    response = service.post("/transfers", content, role=LookoutRole.FEEDER, **{"content-type": kind})
    taken = typed(response, Receipt)
    assert response.status_code == 202
    assert response.headers["location"].endswith(taken.receipt)
    done = settled(service, taken.receipt)
    if form == "json":
        assert (done.standing, done.rows) == ("applied", 3)
    else:
        assert done.standing in ("applied", "refused"), "the same ids again, between other accounts"
    again = typed(service.post("/transfers", content, role=LookoutRole.FEEDER, **{"content-type": kind}), Receipt)
    assert again.receipt == taken.receipt


def test_a_taken_transfer_is_seen_by_every_worker_and_by_the_verdicts(service):
    rows = [transfer(9500, "A9", "FAR", minute=300), transfer(9501, "A3", "NEAR", minute=301)]
    with service.client(LookoutRole.FEEDER) as client:
        taken = client.hand_in(batches.as_stream(table_of(rows)), form="arrow.stream")
        state = settled(service, taken["receipt"]).state
        assert client.receipt(taken["receipt"])["state"] == state

    def seen() -> bool:
        response = service.post("/verdict", {"accounts": [token("NEAR")]})
        return response.status_code == 200 and response.json()["verdicts"][0]["layer"] == 4

    until(seen, "a worker has seen it")
    for _ in range(10):  # whichever worker answers
        until(seen, "each worker has seen it")
    expansion = typed(service.post("/expand", {"account": token("A3"), "rule": {"layers": 1}}), answers.Expansion)
    assert expansion.state.number >= state
    assert {a.account for a in expansion.ways[0].arrivals} == {token("A4"), token("NEAR")}


def test_a_batch_that_cannot_be_taken_is_put_aside_with_its_reason(service):
    rows = table_of(chain_of(3, first=7000))
    wrong = batches.as_stream(rows.drop_columns(["amount_cents"]))
    kind = {"content-type": "application/vnd.apache.arrow.stream"}
    problem = refused(service.post("/transfers", wrong, role=LookoutRole.FEEDER, **kind), 400, "batch_form")
    assert "amount_cents" in problem.detail
    low = rows.set_column(4, "amount_cents", [[1, 0, 1]])
    taken = typed(service.post("/transfers", batches.as_stream(low), role=LookoutRole.FEEDER, **kind), Receipt)
    done = settled(service, taken.receipt)
    assert (done.standing, done.reason) == ("refused", "malformed_rows")
    assert "1 rows have an amount_cents below 1" in done.sentence
    assert [p for p in service.folders.refused.iterdir() if taken.receipt in p.name]


def test_other_content_under_a_known_id_is_refused_and_the_rest_goes_on(service):
    other = table_of([transfer(3, "A1", "A2", minute=1, cents=999)])
    good = table_of([transfer(9700, "GOOD", "BETTER", minute=400)])
    with service.client(LookoutRole.FEEDER) as client:
        receipts = [client.hand_in(batches.as_stream(t), form="arrow.stream")["receipt"] for t in (other, good)]
    assert [settled(service, receipt).standing for receipt in receipts] == ["refused", "applied"]


# --- listings -----------------------------------------------------------------------------------------------------


def test_lifting_a_listing_clears_what_was_downstream_and_proposes_whom_to_release(service):
    publish_listings(service.folders.listings, [listing("HUB", minute=0, cents=0, case="C2")])

    def verdict_of(account: str) -> dict:
        return service.post("/verdict", {"accounts": [token(account)]}).json()["verdicts"][0]

    until(lambda: not verdict_of("A3")["downstream"], "the listing is lifted")
    assert verdict_of("H1")["layer"] == 1
    response = service.get("/release-proposals", role=LookoutRole.READER)
    proposals = typed(response, answers.Proposals).proposals
    assert proposals[0].cases == ["C1"]
    assert {token("A1"), token("A3")} <= set(proposals[0].accounts)
    assert token("H1") not in proposals[0].accounts


def test_what_the_line_publishes_is_taken(service):
    published = service.folders.home / "published"
    published.mkdir()
    pq.write_table(table_of([transfer(9800, "LINE", "OUT", minute=500)]), published / ".transfers.new")
    (published / ".transfers.new").rename(published / "transfers.parquet")
    until(lambda: service.post("/expand", {"account": token("LINE")}).status_code == 200, "the keeper took it")


def test_link_steps_name_the_kind_of_what_is_shared(service):
    """A3 shares a phone with SIDE, which no transfer names, and a holder with HUB, but only after the money came."""
    asked = {"account": token("A0"), "rule": {"layers": 4}, "begins": "2026-03-02T11:00:00Z", "link_limit": 2}
    refused(service.post("/expand", asked), 503, "ties")
    pairs = [("A3", "phone", None), ("SIDE", "phone", None), ("A3", "holder", None), ("HUB", "holder", "after")]
    late = NOON + timedelta(minutes=50)
    rows = [
        {"account_token": bytes.fromhex(token(account)), "identifier_token": bytes.fromhex(token(kind)), "kind": kind}
        | {"held_from": since and late}
        for account, kind, since in pairs
    ]
    (service.folders.home / "published").mkdir(exist_ok=True)
    published(service.folders.home / "published" / "ties.parquet", rows)
    until(lambda: service.post("/expand", asked).status_code == 200, "the keeper took the ties")
    answer = typed(service.post("/expand", asked | {"paths": True}), answers.Expansion)
    (way,) = answer.ways
    (found,) = [arrival for arrival in way.arrivals if arrival.account == token("SIDE")]
    assert (found.layer, found.came_from, found.amount_cents) == (4, token("A3"), None)
    assert found.path == [token(f"t{k}") for k in (2, 3, 4)] + [token("phone")]
    assert (way.identifiers, answer.link_limit, answer.cut) == ({token("phone"): "phone"}, 2, None)
    assert token("HUB") not in {arrival.account for arrival in way.arrivals}
    plain = typed(service.post("/expand", asked | {"link_limit": None}), answers.Expansion)
    assert {a.account for a in way.arrivals} - {a.account for a in plain.ways[0].arrivals} == {token("SIDE")}
    late_question = asked | {"account": token("SIDE"), "begins": "2026-03-02T12:00:00Z", "rule": {"layers": 2}}
    from_there = typed(service.post("/expand", late_question), answers.Expansion)
    reached = [a.account for a in from_there.ways[0].arrivals]
    assert reached[0] == token("A3") and token("A4") in reached


def test_link_steps_that_cannot_be_meant_are_refused(service):
    asked = {"account": token("A0"), "link_limit": 2}
    refused(service.post("/expand", asked), 400, "link_begins")
    refused(service.post("/expand", asked | {"rule": {"in_time": False}}), 400, "walk_rule")
    refused(service.post("/expand", asked | {"link_limit": 1}), 400, "question_form")
    refused(service.post("/trace", asked | {"target": token("A1")}), 400, "question_form")
    unknown = {"account": token("NOBODY"), "link_limit": 2, "rule": {"direction": "backward"}}
    refused(service.post("/expand", unknown), 404, "account")


def test_the_terminal_shows_link_steps(service, capsys, monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "en")
    options = ["--index", str(service.folders.home), "--link-limit", "2", "--begins", "2026-03-02T11:00:00Z"]
    assert main(["lookout", "ask", "expand", token("A0"), *options]) == 0
    said = capsys.readouterr().out
    assert token("SIDE") in said and "same phone" in said and "of at most 2 accounts" in said


# --- about the service --------------------------------------------------------------------------------------------


def test_health_is_open_and_says_how_fresh_it_is(service):
    health = typed(service.get("/health"), answers.Health)
    assert health.live and health.ready
    assert health.accounts > 100
    assert health.state_age_s >= 0
    assert health.keeper_silent_s < 10


def test_metrics_are_over_all_processes_and_name_nobody(service):
    for _ in range(20):
        service.post("/verdict", {"accounts": [token("A3")]})
    text = service.get("/metrics").text
    for name in (
        'lookout_answers_total{call="verdict",status="200"}',
        'lookout_answer_seconds_bucket{call="expand",le="0.005"}',
        "lookout_taken_transfers_total",
        "lookout_delta_transfers",
        "lookout_merge_seconds_count",
        "lookout_state_timestamp_seconds",
    ):
        assert name in text
    assert not [a for a in ("A0", "A3", "H1", "nobody") if token(a) in text]


def test_every_answer_about_an_account_is_in_the_access_log(service):
    with service.client() as client:
        answer = client.ask("expand", {"account": token("A1"), "rule": {"layers": 4, "hub_limit": 77}})
    log = AuditParts(service.folders.access_log)

    def chained():
        return [e for e in log.events() if e.verb == "lookout.expand" and '"hub_limit":77' in e.detail["rule"]]

    events = until(chained, "the access is chained")
    assert events[-1].actor == "desk"
    assert events[-1].detail["results"] == len(answer["ways"][0]["arrivals"]) > 3
    assert len(events[-1].subject) == 32
    text = "".join(part.read_text() for part in service.folders.access_log.iterdir())
    assert not [name for name in ("A0", "A1", "A3", "FAR") if token(name) in text]
    assert log.verify()[1].sequence >= len(events)


def test_the_client_turns_problems_back_into_the_family(service):
    with service.client() as client:
        for question, kind in (({"account": token("nobody")}, NotFound), ({"account": "x"}, RequestInvalid)):
            with pytest.raises(kind):
                client.ask("expand", question)
        with pytest.raises(NotAllowed):
            client.hand_in(b"", form="parquet")


def test_the_commands_ask_the_same(service, capsys, monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "zh-hant")
    folder = ["--index", str(service.folders.home)]
    whole = [*folder, "--json"]
    rule = ["--layers", "2", "--direction", "backward", "--max-delay-hours", "1"]
    assert main(["lookout", "ask", "expand", token("A4"), *rule, *whole]) == 0
    assert json.loads(capsys.readouterr().out)["ways"][0]["reached"] == 2
    assert main(["lookout", "ask", "trace", token("A4"), token("A6"), *whole]) == 0
    assert len(json.loads(capsys.readouterr().out)["steps"]) == 2
    assert main(["lookout", "ask", "verdict", token("A4"), *whole]) == 0
    assert json.loads(capsys.readouterr().out)["verdicts"][0]["account"] == token("A4")
    assert main(["lookout", "ask", "risk", token("A4"), *whole]) == 0
    assert json.loads(capsys.readouterr().out)["account"] == token("A4")
    assert main(["lookout", "status", *whole]) == 0
    assert json.loads(capsys.readouterr().out)["health"]["ready"]
    assert main(["lookout", "ask", "expand", token("nobody"), *folder]) == NotFound.exit_code
    assert "查無" in capsys.readouterr().err
    assert main(["lookout", "ask", "expand", token("A4"), "--layers", "9", *folder]) == RequestInvalid.exit_code
    said = capsys.readouterr().err
    assert "rule.layers" in said
    assert "--help" in said


def test_a_person_reads_the_same_answers(service, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    folder = ["--index", str(service.folders.home)]
    account = token("A4")
    for language, listed_before in (("en", "Where the money"), ("zh-hant", "款項去向")):
        monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
        assert main(["lookout", "ask", "expand", account, "--paths", "--rows", "1", *folder]) == 0
        said = capsys.readouterr().out
        assert listed_before in said
        assert token("A5") in said  # whole, on a narrow terminal
        assert "--json" in said  # where the rest is
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "en")
    assert main(["lookout", "ask", "trace", account, token("A6"), *folder]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) == 32] == [account, token("A5"), token("A6")]
    assert main(["lookout", "ask", "trace", token("A6"), account, *folder]) == 0
    assert "No walk leads" in capsys.readouterr().out
    assert main(["lookout", "ask", "verdict", account, token("nobody"), *folder]) == 0
    assert "unknown to the graph" in capsys.readouterr().out
    assert main(["lookout", "ask", "risk", account, *folder]) == 0
    assert account in capsys.readouterr().out
    assert main(["lookout", "status", *folder]) == 0
    assert f"Served at {service.address}" in capsys.readouterr().out
    assert main(["lookout", "ask", "release-proposals", *folder]) == 0
    assert "(Taipei)" in capsys.readouterr().out


def test_the_description_is_served(service):
    paths = service.get("/openapi.json").json()["paths"]
    assert {"/expand", "/verdict", "/transfers", "/health"} <= set(paths)

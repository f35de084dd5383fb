"""What the service takes and how it says no: bodies, tokens, languages."""

import asyncio
import json
import subprocess
import sys
import threading

import pytest

from cleanroom.errors import NotAllowed, NotFound, RequestInvalid, ServiceFault, SettingsInvalid
from cleanroom.lookout.service import clients
from cleanroom.lookout.service.clients import Client, Clients
from cleanroom.lookout.service.forms import sentence_of
from cleanroom.lookout.service.gate import Walks
from cleanroom.lookout.service.problems import language_of, problem_of
from cleanroom.lookout.service.questions import (
    Bounds,
    ExpandQuestion,
    Rule,
    TransfersQuestion,
    VerdictQuestion,
    parse,
    rule_of,
)
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.vocabulary.terms import LookoutRole

ACCOUNT = "0123456789abcdef" * 2


def asked(**more) -> bytes:
    return json.dumps({"account": ACCOUNT} | more).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        asked(account=ACCOUNT[:-1]),
        asked(account=ACCOUNT.upper()),
        asked(extra=1),
        asked(rule={"layers": 7}),
        asked(rule={"layers": "3"}),
        asked(rule={"depth": 3}),
        asked(rule={"direction": "sideways"}),
        asked(rule={"max_delay_s": 0}),
        asked(begins="2026-01-01T00:00:00"),
        asked(bounds={"seconds": -1}),
    ],
)
def test_a_body_of_another_form_is_refused_without_quoting_it(body):
    with pytest.raises(RequestInvalid) as refused:
        parse(ExpandQuestion, body)
    assert refused.value.rule == "question_form"
    for word in (ACCOUNT[:-1], ACCOUNT.upper(), "extra", "sideways", "depth"):
        assert word not in refused.value.sentence


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{}", "account is missing"),
        (b"[]", "the body must be an object"),
        (asked(account=ACCOUNT.upper()), "account must be 32 hex digits in lower case"),
        (asked(account=None), "account must be text"),
        (asked(extra=1), "the body holds a field that this call does not know; /openapi.json names all"),
        (asked(rule={"extra": 1}), "rule holds a field that this call does not know; /openapi.json names all"),
        (asked(rule={"layers": 7}), "rule.layers must be at most 6"),
        (asked(rule={"layers": "3"}), "rule.layers must be a whole number"),
        (asked(rule={"hub_limit": "3"}), "rule.hub_limit must be a whole number or null"),
        (asked(rule={"direction": "sideways"}), "rule.direction is a word that this call does not know; "
         "/openapi.json names all"),
        (asked(rule={"max_delay_s": 0}), "rule.max_delay_s must be above 0"),
        (asked(begins="2026-01-01T00:00:00"), "begins must be a moment with its zone, as RFC 3339 writes it"),
        (asked(begins="soon"), "begins must be a moment with its zone, as RFC 3339 writes it"),
        (asked(bounds={"accounts": 2**53}), "bounds.accounts must be at most 9,007,199,254,740,991"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field_and_what_it_must_be(body, sentence):
    with pytest.raises(RequestInvalid) as refused:
        parse(ExpandQuestion, body)
    assert refused.value.sentence == sentence


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        (VerdictQuestion, {"accounts": []}, "accounts must have a length of at least 1"),
        (VerdictQuestion, {"accounts": [ACCOUNT] * 1001}, "accounts must have a length of at most 1,000"),
        (VerdictQuestion, {"accounts": [ACCOUNT, 3]}, "accounts[1] must be text"),
        (TransfersQuestion, {"transfers": [{"transfer_id": ACCOUNT}]}, "transfers[0].executed_at is missing"),
    ],
)
def test_a_refusal_names_the_place_in_a_list(kind, body, sentence):
    with pytest.raises(RequestInvalid) as refused:
        parse(kind, json.dumps(body).encode())
    assert refused.value.sentence == sentence


def test_words_of_the_library_that_nobody_knows_are_not_passed_on():
    said = sentence_of("Found `x` odd - at `$.rule`")
    assert said.en == "rule does not have the agreed form; see /openapi.json"
    assert said.zh_hant == "rule 不符約定格式；請參閱 /openapi.json"


def test_a_rule_that_cannot_be_meant_is_refused():
    question = parse(ExpandQuestion, asked(rule={"in_time": False, "max_delay_s": 60}))
    with pytest.raises(RequestInvalid) as refused:
        question.rule.as_walk()
    assert refused.value.rule == "walk_rule"


def test_a_rule_says_in_the_answer_what_it_was_in_the_question():
    rule = parse(
        ExpandQuestion,
        asked(rule={"layers": 3, "max_delay_s": 3600.5, "hub_limit": 9, "after": "2026-01-01T08:00:00+08:00"}),
    ).rule
    assert rule_of(rule.as_walk()) == rule
    assert rule.max_delay_s == 3600.5
    assert rule_of(Rule().as_walk()) == Rule()


def test_bounds_are_filled_in_and_never_above_the_ceiling():
    settings = LookoutSettings(accounts=10, most_accounts=20, seconds=1.0, most_seconds=2.0)
    assert Bounds().within(settings) == Bounds(10, settings.transfers, 1.0)
    assert Bounds(accounts=99, seconds=1.5).within(settings) == Bounds(20, settings.transfers, 1.5)


@pytest.mark.parametrize(
    ("kind", "body"), [(VerdictQuestion, {"accounts": []}), (TransfersQuestion, {"transfers": []})]
)
def test_nothing_asked_is_refused(kind, body):
    with pytest.raises(RequestInvalid):
        parse(kind, json.dumps(body).encode())


def test_settings_come_from_the_environment():
    found = LookoutSettings.from_environment({"CLEANROOM_LOOKOUT_SECONDS": "0.25", "CLEANROOM_LOOKOUT_ACCOUNTS": "7"})
    assert (found.seconds, found.accounts, found.transfers) == (0.25, 7, LookoutSettings.transfers)
    for bad in ("0", "-1", "many"):
        with pytest.raises(SettingsInvalid):
            LookoutSettings.from_environment({"CLEANROOM_LOOKOUT_ACCOUNTS": bad})


# --- who asks -----------------------------------------------------------------------------------------------------

KNOWN = Clients([Client("desk", LookoutRole.READER, "r" * 40), Client("line", LookoutRole.FEEDER, "f" * 40)])


def test_a_token_opens_what_its_role_may():
    assert KNOWN.named("Bearer " + "r" * 40, role=LookoutRole.READER).name == "desk"
    assert KNOWN.named("bearer " + "f" * 40, role=LookoutRole.FEEDER).name == "line"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic " + "r" * 40, "r" * 40, "Bearer " + "r" * 39])
def test_without_a_known_token_nothing_opens(header):
    with pytest.raises(NotAllowed) as refused:
        KNOWN.named(header, role=LookoutRole.READER)
    assert refused.value.rule == "token"


def test_no_token_opens_the_other_role():
    with pytest.raises(NotAllowed) as refused:
        KNOWN.named("Bearer " + "f" * 40, role=LookoutRole.READER)
    assert refused.value.rule == "role"


def test_the_clients_are_made_once_for_their_owner_alone(tmp_path, monkeypatch):
    monkeypatch.delenv(clients.GIVEN, raising=False)
    path = tmp_path / "clients.json"
    assert clients.make(path)
    made = path.read_bytes()
    assert not clients.make(path)
    assert path.read_bytes() == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert [client.role for client in clients.load(path)] == [LookoutRole.READER, LookoutRole.FEEDER]
    path.chmod(0o640)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        clients.load(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"clients": []}',
        '{"clients": [{"name": "a", "role": "reader", "token": "short"}]}',
        '{"clients": [{"name": "a", "role": "owner", "token": "' + "t" * 40 + '"}]}',
        '{"clients": [{"name": "a", "role": "reader", "token": "' + "t" * 40 + '", "more": 1}]}',
    ],
)
def test_a_clients_file_of_another_form_is_refused(tmp_path, monkeypatch, content):
    monkeypatch.delenv(clients.GIVEN, raising=False)
    path = tmp_path / "clients.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(SettingsInvalid):
        clients.load(path)


# --- how it says no -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("zh-Hant", "zh-hant"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-hant"),
        ("en-GB,zh;q=0.5", "en"),
        ("fr, *;q=0.1", "en"),
        ("zh;q=nonsense", "en"),
    ],
)
def test_the_language_is_the_one_that_weighs_more(header, language):
    assert language_of(header) == language


def test_problems_have_a_status_a_rule_and_a_sentence_in_both_languages():
    errors = [
        (NotFound("no such", zh="查無", rule="account"), 404),
        (NotAllowed("no token", zh="無權杖", rule="token"), 401),
        (NotAllowed("other role", zh="角色不符", rule="role"), 403),
        (RequestInvalid("form", zh="格式不符", rule="question_form"), 400),
        (ServiceFault("too much", zh="過多", rule="busy"), 503),
        (ServiceFault("unforeseen", zh="未預期"), 500),
    ]
    for error, status in errors:
        english, chinese = (problem_of(error, language=language) for language in ("en", "zh-hant"))
        assert english.status == chinese.status == status
        assert english.detail == error.sentence
        assert chinese.detail == error.zh
        assert english.reason == chinese.reason == error.reason


# --- limits -------------------------------------------------------------------------------------------------------


def test_who_comes_when_the_line_is_full_is_told_to_come_back():
    async def rush() -> list:
        walks, go_on = Walks(at_once=1, waiting=1), threading.Event()
        first = [asyncio.create_task(walks.run(go_on.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ServiceFault) as refused:
            await walks.run(go_on.wait)
        assert refused.value.rule == "busy"
        go_on.set()
        done = await asyncio.gather(*first)
        done.append(await walks.run(lambda: "later"))
        walks.close()
        return done

    assert asyncio.run(rush()) == [True, True, "later"]


def test_a_worker_carries_nothing_that_makes_it_late():
    """It must answer within a second of its start; each of these takes half a second or more to import."""
    look = "import sys, cleanroom.lookout.service.app as a; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"numpy", "starlette", "msgspec"} <= loaded
    assert not {"pandas", "numba", "duckdb", "sklearn", "lightgbm", "great_expectations"} & loaded

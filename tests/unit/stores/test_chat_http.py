"""The wire of chat completions over a real socket: what is asked, what is retried, what is never said."""

import json
import logging
import time

import httpx
import pytest

from cleanroom.contracts.chat import ChatMessage, ToolCall
from cleanroom.errors import ModelFault, SettingsInvalid
from cleanroom.settings import ModelSettings
from cleanroom.stores.chat_http import ANSWER_CAP_BYTES, LONGEST_WAIT, HttpChatModel
from tests.factories.chat_endpoint import completion, scripted, serving

KEY = "sk-not-a-real-key-0123456789"
ASKED = (ChatMessage(role="system", content="rules"), ChatMessage(role="user", content="請撰寫"))


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "model.key"
    path.write_text(KEY + "\n", encoding="ascii")
    path.chmod(0o600)
    return path


def model(url: str, key_file=None, *, waits: list | None = None, **settings) -> HttpChatModel:
    own = ModelSettings(url=url, name="some-model", key_file=key_file, **settings)
    return HttpChatModel(own, wait=(waits if waits is not None else []).append)


def test_what_is_asked_and_what_comes_back(key_file):
    with serving(scripted(completion("【AI 產製】好"))) as endpoint:
        reply = model(endpoint.url, key_file).reply(ASKED, tools=("freeze_account",))
    assert reply.text == "【AI 產製】好" and reply.tool_calls == ()
    ((path, headers, body),) = endpoint.asked
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("some-model", 0, 800)
    assert body["messages"] == [{"role": "system", "content": "rules"}, {"role": "user", "content": "請撰寫"}]
    assert body["tools"][0]["function"]["name"] == "freeze_account"


def test_no_key_no_header_and_a_tool_that_is_asked_for_is_only_recorded():
    with serving(scripted(completion(None, tool="freeze_account"))) as endpoint:
        reply = model(endpoint.url).reply(ASKED)
    assert reply.text == "" and reply.tool_calls == (ToolCall(name="freeze_account", arguments="{}"),)
    ((_, headers, body),) = endpoint.asked
    assert "Authorization" not in headers and "tools" not in body


def test_what_may_pass_is_tried_again_within_bounds():
    waits: list[float] = []
    answers = (429, {"Retry-After": "7"}, b""), (503, {"Retry-After": "86400"}, b""), (500, {}, b""), completion("好")
    with serving(scripted(*answers)) as endpoint:
        assert model(endpoint.url, waits=waits, attempts=4).reply(ASKED).text == "好"
        assert waits == [7.0, LONGEST_WAIT, 4.0]
        assert len(endpoint.asked) == 4


def test_it_gives_up_after_the_last_attempt():
    waits: list[float] = []
    with serving(scripted((503, {}, b"secret"))) as endpoint:
        with pytest.raises(ModelFault, match="failed 3 times, the last with status 503"):
            model(endpoint.url, waits=waits).reply(ASKED)
        assert len(endpoint.asked) == 3 and len(waits) == 2


def test_silence_ends_after_the_time_out():
    late = serving(scripted(completion("late")), silent_seconds=0.6)
    with late as endpoint, pytest.raises(ModelFault, match="no answer"):
        model(endpoint.url, timeout_seconds=0.1, attempts=2).reply(ASKED)
    assert len(endpoint.asked) == 2


def test_an_answer_that_drips_ends_after_the_time_out():
    def drip():
        while True:
            time.sleep(0.01)
            yield b" "

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Dripping(drip())))
    own = ModelSettings(url="https://models.example/v1", name="m", timeout_seconds=0.05, attempts=1)
    with pytest.raises(ModelFault, match="ReadTimeout"):
        HttpChatModel(own, transport=transport).reply(ASKED)


class Dripping(httpx.SyncByteStream):
    def __init__(self, pieces):
        self._pieces = pieces

    def __iter__(self):
        yield from self._pieces


def test_nobody_listens():
    with serving(scripted(completion("x"))) as endpoint:
        url = endpoint.url
    with pytest.raises(ModelFault, match="ConnectError"):
        model(url, attempts=1).reply(ASKED)


@pytest.mark.parametrize(
    ("status", "word"), [(401, "MODEL_KEY_FILE"), (404, "MODEL_NAME"), (400, "MODEL_URL"), (302, "302")]
)
def test_what_would_be_answered_again_is_refused_at_once(status, word):
    with serving(scripted((status, {"Location": "http://127.0.0.1:9/"}, b"secret"))) as endpoint:
        with pytest.raises(SettingsInvalid, match=word) as refused:
            model(endpoint.url).reply(ASKED)
        assert len(endpoint.asked) == 1
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("code", ["content_filter", "content_policy_violation"])
def test_what_the_endpoints_own_filter_withholds_is_an_empty_answer(code):
    with serving(scripted((400, {}, json.dumps({"error": {"code": code, "message": "secret"}}).encode()))) as endpoint:
        assert model(endpoint.url).reply(ASKED).text == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'{"choices": []}',
        b'{"choices": [{"message": 1}]}',
        b"\xff",
        b"[" * 9000,
        json.dumps({"choices": [{"message": {"content": "x" * 20_001}}]}).encode(),
        b" " * (ANSWER_CAP_BYTES + 1),
    ],
)
def test_an_answer_in_another_form_is_a_fault(raw):
    with serving(scripted((200, {}, raw))) as endpoint, pytest.raises(ModelFault):
        model(endpoint.url).reply(ASKED)


def test_the_key_is_in_no_log_message_or_picture(key_file, caplog):
    caplog.set_level(logging.DEBUG)
    with serving(scripted((401, {}, KEY.encode()))) as endpoint:
        asking = model(endpoint.url, key_file)
        with pytest.raises(SettingsInvalid) as refused:
            asking.reply(ASKED)
    assert caplog.records, "nothing was logged, so this says nothing"
    for said in (caplog.text, str(refused.value), repr(asking), repr(vars(asking)), repr(asking._settings)):
        assert KEY not in said


@pytest.mark.parametrize(
    "url",
    ["", "ftp://models.example/v1", "https://", "http://models.example/v1", "https://user:pass@models.example/v1"],
)
def test_an_address_that_is_none_or_in_clear_is_refused(url):
    with pytest.raises(SettingsInvalid) as refused:
        model(url)
    assert "pass" not in str(refused.value)


def test_a_key_that_others_may_read_is_refused(key_file):
    key_file.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        model("https://models.example/v1", key_file)
    with pytest.raises(SettingsInvalid, match="missing"):
        model("https://models.example/v1", key_file.with_name("none"))


def test_settings_come_from_the_environment(key_file):
    stated = {"URL": "https://m/v1", "NAME": "n", "KEY_FILE": str(key_file), "SECONDS": "5", "ATTEMPTS": "2"}
    env = {f"CLEANROOM_MODEL_{name}": value for name, value in stated.items()}
    found = ModelSettings.from_environment(env)
    assert (found.url, found.name, found.key_file, found.timeout_seconds, found.attempts) == (
        "https://m/v1", "n", key_file, 5.0, 2)  # fmt: skip
    with pytest.raises(SettingsInvalid, match="CLEANROOM_MODEL_URL"):
        ModelSettings.from_environment({})

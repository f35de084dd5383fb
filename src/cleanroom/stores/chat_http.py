"""Any language model behind an endpoint that speaks OpenAI's chat-completions wire, hosted or in the house.

One request, one answer, nothing streamed. What is retried, how often and how long is bounded; the key stands in one
header and nowhere else, and an answer's text is in no message.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, Field, ValidationError

from cleanroom.contracts.chat import LONGEST_TEXT, ChatMessage, ChatReply, ToolCall
from cleanroom.errors import ModelFault, SettingsInvalid, Where
from cleanroom.settings import ModelSettings
from cleanroom.stores.trust import trust_of
from cleanroom.vocabulary.both import Both

ANSWER_CAP_BYTES = 1024 * 1024
LONGEST_WAIT = 30.0  # seconds between two attempts, whatever the endpoint asks for
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _Function(BaseModel):
    name: str = Field(max_length=200)
    arguments: str = Field(default="", max_length=LONGEST_TEXT)


class _Call(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = Field(default=None, max_length=LONGEST_TEXT)
    tool_calls: list[_Call] | None = Field(default=None, max_length=50)


class _Choice(BaseModel):
    message: _Message


class _Answer(BaseModel):
    """What is read of an answer; endpoints add much more."""

    choices: list[_Choice] = Field(min_length=1)


class _Error(BaseModel):
    code: str | None = None


class _Problem(BaseModel):
    error: _Error


_WITHHELD = b'{"choices": [{"message": {"content": null}}]}'  # as endpoints answer that filter after the model


class HttpChatModel:
    """A `ChatModel` over HTTP. Temperature 0: what was graded is what is used. A filtered answer is an empty one."""

    def __init__(
        self,
        settings: ModelSettings,
        *,
        wait: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ):
        """Raises SettingsInvalid for an address that is none, or that would carry facts and key over plain HTTP."""
        key = _key(settings.key_file)
        _check_address(settings.url)
        self._settings, self._wait = settings, wait
        self._client = httpx.Client(
            base_url=settings.url.rstrip("/"),
            headers={"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=httpx.Timeout(settings.timeout_seconds, connect=min(10.0, settings.timeout_seconds)),
            follow_redirects=False,
            trust_env=False,  # no proxy from the environment may see the key
            verify=trust_of(settings.ca_file),
            transport=transport,
        )

    @property
    def name(self) -> str:
        return self._settings.name

    def close(self) -> None:
        self._client.close()

    def reply(self, messages: Sequence[ChatMessage], *, tools: Sequence[str] = ()) -> ChatReply:
        """Raises ModelFault after the last attempt, SettingsInvalid where the endpoint refuses what it is asked."""
        body: dict[str, Any] = {
            "model": self._settings.name,
            "messages": [m.model_dump() for m in messages],
            "temperature": 0,
            "max_tokens": self._settings.longest_answer,
        }
        if tools:
            body["tools"] = [_tool(name) for name in tools]
        return _read(self._sent(body))

    def _sent(self, body: dict[str, Any]) -> bytes:
        why, pause = Both("", ""), 0.0
        for attempt in range(self._settings.attempts):
            if attempt:
                self._wait(pause)
            until = time.monotonic() + self._settings.timeout_seconds
            try:
                with self._client.stream("POST", "/chat/completions", json=body) as response:
                    if response.status_code == httpx.codes.OK:
                        return _bounded(response, until)
                    if response.status_code == httpx.codes.BAD_REQUEST and _withheld(_bounded(response, until)):
                        return _WITHHELD
                    why, pause = _refusal(response, attempt)
            except httpx.TransportError as e:
                kind = type(e).__name__
                why, pause = Both(f"no answer ({kind})", f"無回應（{kind}）"), _backoff(attempt)
        raise ModelFault(
            f"the model's endpoint failed {self._settings.attempts} times, the last with {why.en}; try later",
            zh=f"模型端點已失敗 {self._settings.attempts} 次，最後一次：{why.zh_hant}；請稍後再試",
        )


def _refusal(response: httpx.Response, attempt: int) -> tuple[Both, float]:
    """What to say and how long to wait; raises where another attempt would get the same answer."""
    status = response.status_code
    if status not in _AGAIN:
        check = _what_to_check(status)
        raise SettingsInvalid(
            f"the model's endpoint answers {status}; {check.en}",
            zh=f"模型端點回覆 {status}；{check.zh_hant}",
            rule="model",
        )
    return Both(f"status {status}", f"狀態碼 {status}"), _asked_wait(response.headers.get("retry-after"), attempt)


def _withheld(raw: bytes) -> bool:
    """Whether a 400 is the endpoint's own filter: it will not answer this request, and another one it will."""
    try:
        return _Problem.model_validate_json(raw).error.code in ("content_filter", "content_policy_violation")
    except ValidationError:
        return False


def _read(raw: bytes) -> ChatReply:
    try:
        message = _Answer.model_validate_json(raw).choices[0].message
        calls = tuple(ToolCall(name=c.function.name, arguments=c.function.arguments) for c in message.tool_calls or ())
        return ChatReply(text=message.content or "", tool_calls=calls)
    except ValidationError:
        raise ModelFault(
            "the model's endpoint answers in another form than chat completions",
            zh="模型端點之回答不符 chat completions 格式",
        ) from None


def _bounded(response: httpx.Response, until: float) -> bytes:
    """The whole body, within bounds of size and time: a time-out of each read alone lets an answer drip for ever."""
    raw = b""
    for piece in response.iter_bytes():
        raw += piece
        if time.monotonic() > until:
            raise httpx.ReadTimeout("the answer drips", request=response.request)
        if len(raw) > ANSWER_CAP_BYTES:
            raise ModelFault(
                f"the model's endpoint answers with more than {ANSWER_CAP_BYTES:,} bytes",
                zh=f"模型端點之回答超過 {ANSWER_CAP_BYTES:,} 位元組",
            )
    return raw


def _tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}


def _what_to_check(status: int) -> Both:
    if status in (401, 403):
        return Both("check the key in CLEANROOM_MODEL_KEY_FILE", "請檢查 CLEANROOM_MODEL_KEY_FILE 之金鑰")
    return Both(
        "check CLEANROOM_MODEL_URL and CLEANROOM_MODEL_NAME, and what the endpoint accepts",
        "請檢查 CLEANROOM_MODEL_URL、CLEANROOM_MODEL_NAME 及端點所接受之內容",
    )


def _backoff(attempt: int) -> float:
    return min(LONGEST_WAIT, 2.0**attempt)


def _asked_wait(header: str | None, attempt: int) -> float:
    """Retry-After in seconds, within bounds; its form as a date is not read."""
    if header and header.strip().isascii() and header.strip().isdigit():
        return min(LONGEST_WAIT, float(header.strip()[:6]))
    return _backoff(attempt)


def _check_address(address: str) -> None:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise SettingsInvalid(
            "CLEANROOM_MODEL_URL is no address such as https://models.example/v1",
            zh="CLEANROOM_MODEL_URL 不是網址；例如 https://models.example/v1",
            rule="model",
        )
    if url.scheme == "http" and url.host not in _LOOPBACK:
        raise SettingsInvalid(
            "facts and key would travel over plain HTTP; give an https:// address",
            zh="內容與金鑰將以未加密之 HTTP 傳送；請給定 https:// 網址",
            rule="model",
        )


def _key(path: Path | None) -> str:
    """Empty where no key is set: endpoints in the house may need none."""
    if path is None:
        return ""
    try:
        mode, key = path.stat().st_mode, path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsInvalid(
            "the model's key file is missing or unreadable",
            zh="模型金鑰檔不存在或無法讀取",
            where=Where(file=str(path)),
        ) from None
    if mode & 0o077:
        raise SettingsInvalid(
            "others may read the model's key; run: chmod 600",
            zh="他人可讀取模型金鑰；請執行 chmod 600",
            where=Where(file=str(path)),
        )
    return key

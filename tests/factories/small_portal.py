"""The few addresses of the portal that a receiver calls, over HTTP on loopback; answers are checked as it does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cleanroom.contracts.canonical import ANSWER_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import AnswerMessage, ParticipantGate, WarningMessage
from cleanroom.crypto.signing import verify


class SmallPortal:
    """`down`: every call is answered with 503. `answers`: what was taken, in order, once per call."""

    def __init__(self, gate: ParticipantGate, webhook_key: str, token: str):
        self.gate, self.webhook_key, self.token = gate, webhook_key, token
        self.answers: list[AnswerMessage] = []
        self.waiting: list[WarningMessage] = []
        self.calls: list[str] = []
        self.down, self.refuse = False, False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "SmallPortal":
        self._thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, method: str, address: str, body: bytes) -> tuple[int, object]:
        path, query = urlsplit(address).path.removeprefix("/api/v1"), parse_qs(urlsplit(address).query)
        self.calls.append(f"{method} {path}")
        if self.down:
            return 503, {}
        if path == "/webhook-key":
            return 200, {"kid": "portal-1", "public_key": self.webhook_key, "standard_webhooks_key": ""}
        if path == f"/participants/{self.gate.participant}/gate":
            return 200, self.gate.model_dump(mode="json")
        if path == "/warnings" and query["participant"] == [self.gate.participant]:
            return 200, self._page(int(query["cursor"][0]))
        if path.endswith("/answers"):
            return self._take(AnswerMessage.model_validate_json(body))
        return 404, {}

    def _page(self, cursor: int) -> list[dict]:
        rows = list(enumerate(self.waiting, start=1))[cursor : cursor + 2]  # small pages, so that paging is tested
        return [w.model_dump(mode="json") | {"cursor": n} for n, w in rows]

    def _take(self, answer: AnswerMessage) -> tuple[int, object]:
        if self.refuse:
            problem = {"title": "Conflict", "status": 409, "detail": "answered on the page", "reason": "not_allowed"}
            return 409, problem | {"type": "about:blank"}
        [key] = [k for k in self.gate.keys if k.purpose == "signing" and k.kid == answer.signing_kid]
        payload = canonical_bytes(answer.model_dump(mode="json", exclude={"signature"}))
        verify(key.public_key, ANSWER_DOMAIN, payload, answer.signature)
        self.answers.append(answer)
        return 200, answer.model_dump(mode="json")

    def _handler(portal):
        class Handler(BaseHTTPRequestHandler):
            def _do(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                public = self.path.endswith("/webhook-key")
                if not public and self.headers.get("authorization") != f"Bearer {portal.token}":
                    status, value = 401, {}
                else:
                    status, value = portal.reply(self.command, self.path, body)
                raw = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = _do

            def log_message(self, *args):
                """Quiet."""

        return Handler

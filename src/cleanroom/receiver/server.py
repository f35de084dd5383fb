"""The endpoint: POST /warnings from the portal, GET /health for the institution's monitoring. Loopback only."""

import json
import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cleanroom.contracts.messages import Problem
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.errors import (
    CleanroomError,
    ContentTampered,
    Fault,
    ManifestMalformed,
    NotAllowed,
    NotTheOwner,
    SignatureRefused,
    TooLarge,
)
from cleanroom.receiver.inbox import Inbox
from cleanroom.receiver.opening import RoomKey, open_warning, parse_message
from cleanroom.receiver.webhook import check_request

LOG = logging.getLogger("cleanroom.receiver")
HOST = "127.0.0.1"  # in production a reverse proxy with TLS stands in front
PATH = "/warnings"
REQUEST_CAP_BYTES = 512 * 1024
SOCKET_SECONDS = 15.0
MOST_AT_ONCE = 16
_STATUS = {
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    SignatureRefused: HTTPStatus.UNAUTHORIZED,
    NotTheOwner: HTTPStatus.FORBIDDEN,
    ManifestMalformed: HTTPStatus.BAD_REQUEST,
    ContentTampered: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotAllowed: HTTPStatus.NOT_FOUND,
}


class Intake:
    """Checks, opens and stores one request; only then may it be acknowledged."""

    def __init__(self, inbox: Inbox, ring: ParticipantKeyRing, *, webhook_key: str, room_key: RoomKey):
        self._inbox, self._ring, self._webhook_key, self._room_key = inbox, ring, webhook_key, room_key

    def take(self, headers: dict[str, str], raw: bytes) -> bool:
        """True where the warning is new. Raises the refusal or fault to answer with."""
        webhook_id = check_request(headers, raw, public_key=self._webhook_key, now=time.time())
        opened = open_warning(parse_message(raw), ring=self._ring, room_key=self._room_key)
        if webhook_id != opened.message.warning_id:
            raise ContentTampered(
                "the webhook-id is not the warning's number", zh="webhook-id 與預警編號不同", rule="webhook_id"
            )
        return self._inbox.store(opened, webhook_id=webhook_id)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, intake: Intake, *, counts: Callable[[], dict], on_stored: Callable[[], None]):
        self.intake, self.counts, self.on_stored = intake, counts, on_stored
        self.room_for_more = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__((HOST, port), Handler)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}{PATH}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "cleanroom-receiver/1"
    sys_version = ""
    timeout = SOCKET_SECONDS
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        with self.server.room_for_more:
            try:
                new = self._take()
            except CleanroomError as e:
                LOG.warning("refused a request: %s", e)
                self._problem(e)
                return
        self._send(HTTPStatus.OK, {"stored": True, "new": new})
        self.server.on_stored()

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send(HTTPStatus.OK, {"status": "ok", **self.server.counts()})
        else:
            self._problem(NotAllowed("there is nothing at this address", zh="此位址無任何功能"))

    def _take(self) -> bool:
        if self.path != PATH:
            raise NotAllowed("there is nothing at this address", zh="此位址無任何功能")
        headers = {name.lower(): value for name, value in self.headers.items()}
        return self.server.intake.take(headers, self._body())

    def _body(self) -> bytes:
        length = self.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            raise ManifestMalformed(
                "the request does not say how long it is", zh="請求未註明長度", rule="content_length"
            )
        if int(length) > REQUEST_CAP_BYTES:
            self.close_connection = True
            raise TooLarge("the request is larger than any warning", zh="請求大於任何預警", rule="request_size")
        raw = self.rfile.read(int(length))
        if len(raw) != int(length):
            raise ManifestMalformed("the request ended early", zh="請求內容不完整", rule="content_length")
        return raw

    def _problem(self, error: CleanroomError) -> None:
        fallback = HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, Fault) else HTTPStatus.BAD_REQUEST
        status = _STATUS.get(type(error), fallback)
        self.close_connection = True  # what follows an unread or doubtful body is not a request
        problem = Problem(title=status.phrase, status=status, detail=error.sentence, reason=error.reason)
        self._send(status, problem.model_dump(), content_type="application/problem+json")

    def _send(self, status: HTTPStatus, body: dict, *, content_type: str = "application/json") -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args) -> None:
        """No access log: the inbox says what arrived."""

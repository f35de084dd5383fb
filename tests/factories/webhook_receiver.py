"""A tiny receiver on loopback: keeps what arrives by webhook-id, answers what the test tells it to."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """`rows`: webhook-id -> body, one row per id however often it arrives. `seen`: every request's headers."""

    def __init__(self, *, status: int = 204, headers: dict[str, str] | None = None, on_request: Callable | None = None):
        self.rows: dict[str, bytes] = {}
        self.seen: list[dict[str, str]] = []
        self.status, self.headers, self.on_request = status, headers or {}, on_request
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/warnings"

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, headers: dict[str, str], body: bytes) -> None:
        self.seen.append(headers)
        self.rows[headers["webhook-id"]] = body
        if self.on_request:
            self.on_request(len(self.seen))

    def _handler(receiver):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.take({k.lower(): v for k, v in self.headers.items()}, body)
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args):
                """Quiet."""

        return Handler

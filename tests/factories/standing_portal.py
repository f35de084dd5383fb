"""The portal's answer on an institution's standing over HTTP, for programs that open their own portal."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.factories.clean_room import CleanRoom


@dataclass
class Asked:
    url: str
    paths: list[str] = field(default_factory=list)


@contextmanager
def standing_portal(room: CleanRoom, code: str) -> Iterator[Asked]:
    """Says of every institution what the portal in memory says of `code`, of all else that there is none yet; takes
    every event. The institution has its token."""
    asked = Asked("")

    class Portal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.paths.append(self.path)
            gate = self.path.endswith("/gate")
            self._answer(room.portal.gate(code).model_dump_json().encode() if gate else b"[]")

        def do_POST(self) -> None:
            asked.paths.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(b"{}")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    asked.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    token = room.participant(code).portal_token
    token.touch(0o600)
    token.write_text("token")
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()

"""The portal in memory over HTTP, for programs that open their own: what the weekly run of the room asks of it."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from pydantic import TypeAdapter

from cleanroom.contracts import governance as g
from cleanroom.contracts import messages as m
from cleanroom.contracts.checkpoints import AuditLog, SignedCheckpoint
from cleanroom.errors import NotAllowed, NotFound
from tests.fakes.portal import MemoryPortal

Answer = Callable[[MemoryPortal, re.Match, dict, bytes], object]
_ONE = r"/releases/(?P<id>[\w-]+)"
_ROUTES: dict[str, Answer] = {
    r"GET /participants": lambda p, *_: p.participants(),
    r"GET /participants/(?P<id>\d+)/gate": lambda p, at, *_: p.gate(at["id"]),
    r"GET /uploads": lambda p, *_: p.uploads(),
    r"GET /incidents": lambda p, *_: p.incidents(),
    r"GET /sending-stop": lambda p, *_: p.sending_stop(),
    r"GET /warning-standings": lambda p, *_: p.warnings(),
    r"GET /row-exports": lambda p, *_: p.row_exports(None),
    r"GET /audit/hashes": lambda p, _, query, __: p.log_hashes(after=int(query["after"][0])),
    r"GET /audit/checkpoints": lambda p, _, query, __: p.checkpoints(AuditLog(query["log"][0])),
    r"POST /audit/checkpoints": lambda p, _, __, raw: p.report_checkpoint(SignedCheckpoint.model_validate_json(raw)),
    r"POST /events": lambda p, _, __, raw: p.record_event(m.AuditEvent.model_validate_json(raw)),
    r"POST /station-runs": lambda p, _, __, raw: p.report_station(m.StationRun.model_validate_json(raw)),
    r"GET /releases": lambda p, _, query, __: [] if "after" in query else p.releases(),  # one page holds them all
    r"POST /releases": lambda p, _, __, raw: p.draft_release(g.ReleaseDraft.model_validate_json(raw)),
    r"GET /releases/current": lambda p, _, query, __: _found(p.current_release(query["use_case"][0])),
    rf"GET {_ONE}": lambda p, at, *_: p.release(at["id"]),
    rf"GET {_ONE}/packs": lambda p, at, *_: p.packs(at["id"]),
    rf"POST {_ONE}/packs": lambda p, at, _, raw: p.keep_pack(at["id"], raw),
    rf"POST {_ONE}/submit": lambda p, at, *_: p.submit_release(at["id"]),
    rf"POST {_ONE}/withdraw": lambda p, at, _, raw: p.withdraw_release(at["id"], json.loads(raw)["reason"]),
}


def _found(record: g.ReleaseRecord | None) -> g.ReleaseRecord:
    if record is None:
        raise NotFound("this use case has no release")
    return record


@contextmanager
def served(portal: MemoryPortal) -> Iterator[str]:
    """Its address on loopback; an address that is asked and not known here is answered with 500."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(portal))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _reply(portal: MemoryPortal, method: str, address: str, raw: bytes) -> tuple[int, bytes]:
    parts = urlsplit(address)
    asked = f"{method} {parts.path.removeprefix('/api/v1')}"
    answer, at = next((a, found) for route, a in _ROUTES.items() if (found := re.fullmatch(route, asked)))
    try:
        found = answer(portal, at, parse_qs(parts.query), raw)
    except (NotFound, NotAllowed) as e:
        status = 404 if isinstance(e, NotFound) else 403
        return status, json.dumps({"reason": e.reason, "detail": e.sentence}).encode()
    return 200, TypeAdapter(object).dump_json(found)


def _handler(portal: MemoryPortal) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send()

        def do_POST(self) -> None:
            self._send()

        def _send(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, body = _reply(portal, self.command, self.path, raw)
            except StopIteration:
                status, body = 500, b"{}"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    return Handler

"""A bad line: an HTTP proxy on loopback that cuts connections, loses answers and says 503 where a test orders it."""

import http.client
import socket
import socketserver
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

PASS, CUT_REQUEST, CUT_ANSWER, BUSY, GONE = "pass", "cut request", "cut answer", "busy", "gone"


@dataclass
class Orders:
    """What happens to the next requests for which `matters` is true; without an order they pass."""

    matters: Callable[[str, str], bool]
    waiting: deque = field(default_factory=deque)
    carried_out: list = field(default_factory=list)

    def next(self, method: str, path: str) -> str:
        if not self.waiting or not self.matters(method, path):
            return PASS
        order = self.waiting.popleft()
        self.carried_out.append(order)
        return order


class CuttingProxy:
    """In front of `host:port`; `url` is where clients connect. Use as a context."""

    def __init__(self, host: str, port: int, *, matters: Callable[[str, str], bool]):
        self.orders, self.seen = Orders(matters), []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                order = proxy.orders.next(self.command, self.path)
                if order == CUT_REQUEST:
                    self.rfile.read(length // 2)  # half a chunk, and the line is dead
                    self._die()
                    return
                body = self.rfile.read(length)
                proxy.seen.append((self.command, self.path, self.headers.get("Content-Range"), length))
                if order in (BUSY, GONE):
                    self._answer(503 if order == BUSY else 410, [], b"")
                    return
                status, headers, content = self._forward(host, port, body)
                if order == CUT_ANSWER:
                    self._die()
                    return
                self._answer(status, headers, content)

            do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _any

            def _forward(self, host: str, port: int, body: bytes) -> tuple[int, list, bytes]:
                line = http.client.HTTPConnection(host, port, timeout=30)
                headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
                line.request(self.command, self.path, body=body, headers=headers)
                answer = line.getresponse()
                content = answer.read()
                line.close()
                return answer.status, answer.getheaders(), content

            def _answer(self, status: int, headers: list, content: bytes) -> None:
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _die(self) -> None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A line that was cut on purpose is no error here."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "CuttingProxy":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

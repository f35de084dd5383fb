"""A small real HTTP server on loopback that speaks chat completions, as scripted: answers, refusals, silence."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, str], bytes]


def completion(text: str | None, *, tool: str | None = None) -> Answer:
    """200 with the form that hosted and in-house endpoints share."""
    calls = [{"id": "c1", "type": "function", "function": {"name": tool, "arguments": "{}"}}] if tool else None
    message = {"role": "assistant", "content": text} | ({"tool_calls": calls} if calls else {})
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if tool else "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}  # fmt: skip
    return 200, {}, json.dumps(body).encode()


@dataclass
class Endpoint:
    """`answer(request body)` decides; `asked` keeps what came: path, headers, body."""

    answer: Callable[[dict], Answer]
    silent_seconds: float = 0.0
    asked: list[tuple[str, dict, dict]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(answer: Callable[[dict], Answer], *, silent_seconds: float = 0.0) -> Iterator[Endpoint]:
    endpoint = Endpoint(answer, silent_seconds)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(endpoint))
    server.daemon_threads = True
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def scripted(*answers: Answer) -> Callable[[dict], Answer]:
    """One after the other; the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.asked.append((self.path, dict(self.headers), body))
            time.sleep(endpoint.silent_seconds)
            status, headers, raw = endpoint.answer(body)
            try:
                self.send_response(status)
                for name, value in (
                    {"Content-Type": "application/json", "Content-Length": str(len(raw))} | headers
                ).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)
            except OSError:  # the client has gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing of a request goes to the terminal."""

    return Handler

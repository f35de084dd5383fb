"""Where a warning may be sent, and what an answer means. A real server on loopback; nothing leaves the machine."""

import contextlib
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat

import pytest

from cleanroom.errors import DeliveryFault, NotAllowed
from portal.alerts import transport

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        if self.path == "/drip":
            self.drip()
            return
        status, headers = self.server.answers.get(self.path, (204, {}))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def drip(self):
        """One byte every 50 ms, each well inside a read's own time limit, for as long as anybody reads."""
        with contextlib.suppress(OSError):
            for byte in chain(b"HTTP/1.1 204 ", repeat(b"x"[0])):
                self.wfile.write(bytes([byte]))
                time.sleep(0.05)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.answers = [], {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def send(url: str, **kwargs):
    return transport.post(url, body=b"{}", headers={"content-type": "application/json"}, allow_private=True, **kwargs)


def test_a_post_arrives_as_sent(server):
    assert send(f"{server.url}/in").delivered
    [(path, headers, body)] = server.seen
    assert (path, body) == ("/in", b"{}")
    assert headers["content-type"] == "application/json"


def test_a_redirect_is_not_followed(server):
    server.answers["/in"] = (302, {"Location": "/elsewhere"})
    answer = send(f"{server.url}/in")
    assert answer.status == 302 and not answer.delivered
    assert [path for path, *_ in server.seen] == ["/in"]


def test_gone_and_retry_after_are_read(server):
    server.answers = {"/gone": (410, {}), "/busy": (503, {"Retry-After": "17"})}
    assert send(f"{server.url}/gone").gone
    assert send(f"{server.url}/busy").retry_after_seconds == 17


def test_a_closed_port_is_a_fault(server):
    with pytest.raises(DeliveryFault):
        send("http://127.0.0.1:9/in")


def test_a_receiver_that_drips_meets_the_deadline(server, monkeypatch):
    """Without one the exchange would never end."""
    monkeypatch.setattr(transport, "DEADLINE_SECONDS", 0.3)
    with pytest.raises(DeliveryFault):
        send(f"{server.url}/drip")
    assert [path for path, *_ in server.seen] == ["/drip"]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "::1", "fd00::1", "0.0.0.1", "::ffff:10.0.0.8",
     "100.64.0.1", "224.0.0.1", "fe80::1%eth0"],
)  # fmt: skip
def test_private_addresses_are_refused_in_production(address):
    with pytest.raises(NotAllowed):
        transport.refuse_private([address], allow_private=False)


@pytest.mark.parametrize("address", ["10.0.0.8", "169.254.169.254", "192.168.0.1", "0.0.0.1"])
def test_embedded_allows_loopback_and_nothing_else_that_is_private(address):
    transport.refuse_private(["127.0.0.1", "::1"], allow_private=True)
    with pytest.raises(NotAllowed):
        transport.refuse_private([address], allow_private=True)


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    transport.refuse_private(["8.8.8.8"], allow_private=False)
    with pytest.raises(NotAllowed):
        transport.refuse_private(["8.8.8.8", "10.0.0.1"], allow_private=False)


def test_a_name_is_checked_by_the_addresses_behind_it(server):
    port = server.server_address[1]
    with pytest.raises(NotAllowed):
        transport.post(f"https://localhost:{port}/in", body=b"{}", headers={}, allow_private=False)
    assert server.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example/in",
        "ftp://bank.example",
        "https://user:pw@bank.example/",
        "https://bank.example/#x",
        "bank",
    ],
)
def test_addresses_of_another_form_are_refused_in_production(url):
    with pytest.raises(NotAllowed):
        transport.check_url(url, allow_private=False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(b"120", 120), (b"Mon, 23 Nov 2026 04:01:00 GMT", 60), (b"Mon, 23 Nov 2026 03:00:00 GMT", 0), (b"soon", None)],
)
def test_retry_after_is_a_number_or_a_date(text, seconds):
    assert transport.retry_after({b"Retry-After": text}, now=NOW) == seconds


def test_no_retry_after():
    assert transport.retry_after({}, now=NOW) is None

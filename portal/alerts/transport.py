"""One POST to a participant's endpoint: no redirects, checked addresses, everything bounded.

The name is resolved once, every address is checked, and the connection goes to the checked address: a second look-up
between check and connect could answer with another one (DNS rebinding).
"""

import email.utils
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpcore

from cleanroom.errors import DeliveryFault, NotAllowed

TIMEOUT_SECONDS = 10.0  # one operation
DEADLINE_SECONDS = 15.0  # the whole exchange; the sender's lease is longer than a batch of these
ANSWER_CAP_BYTES = 16 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and what Retry-After asked for, in seconds."""

    status: int
    retry_after_seconds: float | None

    @property
    def delivered(self) -> bool:
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == 410


class Deadline:
    """One clock for all of a request: a receiver that drips a byte at a time must not hold the sender."""

    def __init__(self, seconds: float):
        self._ends = time.monotonic() + seconds

    def cap(self, timeout: float | None) -> float:
        """The time that one operation may still take; DeliveryFault where none is left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise DeliveryFault("the endpoint took too long to answer")
        return left if timeout is None else min(timeout, left)


class TimedStream(httpcore.NetworkStream):
    """A connection whose every operation ends at the request's deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline):
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes, timeout=None):
        return self._stream.read(max_bytes, self._deadline.cap(timeout))

    def write(self, buffer, timeout=None):
        return self._stream.write(buffer, self._deadline.cap(timeout))

    def close(self):
        self._stream.close()

    def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.cap(timeout))
        return TimedStream(secured, self._deadline)

    def get_extra_info(self, info):
        return self._stream.get_extra_info(info)


class CheckedNetwork(httpcore.NetworkBackend):
    """Connects only to addresses that may be sent to."""

    def __init__(self, *, allow_private: bool, deadline: Deadline):
        self._allow_private, self._deadline = allow_private, deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        """Connect to the first checked address of `host`; NotAllowed where any address is private."""
        address = checked_address(host, port, allow_private=self._allow_private)
        timeout = self._deadline.cap(timeout)
        return TimedStream(
            self._network.connect_tcp(address, port, timeout, local_address, socket_options), self._deadline
        )

    def connect_unix_socket(self, path, timeout=None, socket_options=None):
        raise NotAllowed("a warning is never sent to a socket file; register an http address")


def checked_address(host: str, port: int, *, allow_private: bool) -> str:
    """One address of `host`, after every address it resolves to was found fit to send to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise DeliveryFault("the endpoint's name does not resolve; its institution must correct it") from None
    addresses = [str(info[4][0]) for info in found]
    refuse_private(addresses, allow_private=allow_private)
    return addresses[0]


def refuse_private(addresses: Iterable[str], *, allow_private: bool) -> None:
    """NotAllowed unless all are public; embedded, loopback is allowed too, and nothing else that is private."""
    for text in addresses:
        address = ipaddress.ip_address(text.split("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        if mapped.is_global and not mapped.is_multicast:
            continue
        if not (allow_private and mapped.is_loopback):
            raise NotAllowed("the endpoint leads to a private address; register one that is reachable from outside")


def check_url(url: str, *, allow_private: bool) -> None:
    """The form of an endpoint's address: https, or http to loopback where that is allowed; no user, no fragment."""
    parts = urlsplit(url)
    if parts.username or parts.password or parts.fragment or not parts.hostname:
        raise NotAllowed("the endpoint's address may hold no user, password or fragment, and must name a host")
    if parts.scheme == "https" or (parts.scheme == "http" and allow_private):
        return
    raise NotAllowed("the endpoint's address must begin with https://")


def post(url: str, *, body: bytes, headers: dict[str, str], allow_private: bool) -> Answer:
    """Send once. DeliveryFault where nothing came back; a redirect is an answer like any other and is not followed."""
    check_url(url, allow_private=allow_private)
    network = CheckedNetwork(allow_private=allow_private, deadline=Deadline(DEADLINE_SECONDS))
    pool = httpcore.ConnectionPool(ssl_context=ssl.create_default_context(), network_backend=network)
    limits = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_SECONDS)
    try:
        with pool, pool.stream("POST", url, headers=headers, content=body, extensions={"timeout": limits}) as response:
            _read_capped(response)
            return Answer(response.status, retry_after(dict(response.headers), now=datetime.now(UTC)))
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as e:
        raise DeliveryFault(f"the endpoint did not answer ({type(e).__name__})") from None


def _read_capped(response: httpcore.Response) -> None:
    """The answer's body is not used; read a little of it so that the receiver can finish, and no more."""
    seen = 0
    for chunk in response.iter_stream():
        seen += len(chunk)
        if seen > ANSWER_CAP_BYTES:
            return


def retry_after(headers: dict[bytes, bytes], *, now: datetime) -> float | None:
    """Seconds that the receiver asks us to wait: a number, or an HTTP date; None where absent or unreadable."""
    by_name = {name.lower(): value for name, value in headers.items()}
    text = by_name.get(b"retry-after", b"").decode("latin-1").strip()
    if text.isdigit():
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())

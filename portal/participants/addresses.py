"""Which addresses warnings may be delivered to."""

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from cleanroom.errors import NotAllowed
from portal.common.said import said

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def check_address(url: str, *, production: bool, allowed_hosts: Sequence[str]) -> None:
    """Raise NotAllowed unless warnings may be delivered there.

    Production: https, a host of the allow-list, and no private, loopback or reserved address behind its name.
    Embedded: this machine, and what the allow-list names.
    """
    parts = _split(url)
    host = parts.hostname or ""
    if not production and host in LOOPBACK_NAMES:
        return
    if host not in allowed_hosts:
        raise NotAllowed(**said("the host of this address is not on the portal's allow-list"), rule="endpoint_host")
    if production and parts.scheme != "https":
        raise NotAllowed(**said("in production warnings go to https addresses only"), rule="endpoint_https")
    if production:
        check_public(host)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises where the port is no number
    except ValueError:
        raise NotAllowed(**said("this is not an address"), rule="endpoint_form") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotAllowed(**said("give a full http(s) address"), rule="endpoint_form")
    if parts.username or parts.password or parts.fragment:
        raise NotAllowed(**said("an address holds no user name, password or fragment"), rule="endpoint_form")
    return parts


def check_public(host: str) -> None:
    """Raise NotAllowed where any address behind the name is not on the public internet. Ask again before each
    delivery: a name can point elsewhere later."""
    for address in _addresses(host):
        if not address.is_global or address.is_multicast:
            raise NotAllowed(**said("this host points to a private address"), rule="endpoint_private")


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        raise NotAllowed(**said("the name of this host is not known"), rule="endpoint_unknown") from None
    return [_mapped(ipaddress.ip_address(entry[4][0].partition("%")[0])) for entry in found]


def _mapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address):
    """The IPv4 address inside an IPv6 one, which else would pass as global."""
    return getattr(address, "ipv4_mapped", None) or address

"""Every custodian: what it wraps only it opens, for the same owner and purpose; and it shows nothing."""

import pytest

from cleanroom.contracts.custody import KeyContext
from cleanroom.crypto.custody.passphrase import PassphraseCustodian
from cleanroom.errors import KeyRefused, KeyServiceDenied
from cleanroom.stores.kms_google import GoogleKeyService
from tests.fakes.key_service import KEY, KeyService, MemoryKeyClient, serve

MINE = KeyContext("808", "key-ring")
SECRET = bytes(range(32))


@pytest.fixture(scope="module", params=["passphrase", "key service in memory", "key service over the wire"])
def pair(request):
    """Two custodians of the same kind with keys of their own."""
    if request.param == "passphrase":
        yield PassphraseCustodian("a long enough passphrase"), PassphraseCustodian("another long passphrase")
    elif request.param == "key service in memory":
        yield tuple(GoogleKeyService(KEY, MemoryKeyClient(KeyService())) for _ in range(2))
    else:
        with serve(KeyService()) as first, serve(KeyService()) as second:
            yield tuple(GoogleKeyService.connect(f"gcp-kms://{KEY}", emulator=at) for at in (first, second))


@pytest.fixture(scope="module")
def wrapped(pair):
    """A passphrase is stretched for a second each time it is used, so most tests share what was wrapped."""
    return pair[0].wrap(SECRET, context=MINE)


def test_what_was_wrapped_opens_and_is_never_the_same_twice(pair, wrapped):
    custodian, _ = pair
    again = custodian.wrap(SECRET, context=MINE)
    assert [custodian.unwrap(w, context=MINE) for w in (wrapped, again)] == [SECRET, SECRET]
    assert wrapped != again and SECRET not in wrapped


@pytest.mark.parametrize("context", [KeyContext("822", "key-ring"), KeyContext("808", "checkpoint")])
def test_another_context_opens_nothing(pair, wrapped, context):
    with pytest.raises((KeyRefused, KeyServiceDenied)):
        pair[0].unwrap(wrapped, context=context)


def test_another_custodians_key_opens_nothing(pair, wrapped):
    _, other = pair
    with pytest.raises((KeyRefused, KeyServiceDenied)):
        other.unwrap(wrapped, context=MINE)


def test_changed_bytes_open_nothing(pair, wrapped):
    custodian, _ = pair
    changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    for damaged in (changed, wrapped[:-1], b"", b"x" * 40):
        with pytest.raises((KeyRefused, KeyServiceDenied)):
            custodian.unwrap(damaged, context=MINE)


def test_it_has_a_name_and_shows_no_secret(pair):
    custodian, _ = pair
    assert custodian.name.startswith(("passphrase", "gcp-kms://projects/"))
    assert "long enough" not in repr(custodian) + custodian.name

"""Every custodian: what it wraps only it opens, for the same owner and purpose; and it shows nothing."""

import pytest

from cleanroom.contracts.custody import KeyContext
from cleanroom.crypto.custody.passphrase import PassphraseCustodian
from cleanroom.errors import KeyRefused, KeyServiceDenied
from cleanroom.stores.kms_google import GoogleKeyService
from tests.fakes.key_service import KEY, KeyService, MemoryKeyClient, serve

MINE = KeyContext("808", "key-ring")
SECRET = bytes(range(32))


@pytest.fixture(params=["passphrase", "key service in memory", "key service over the wire"])
def pair(request):
    """Two custodians of the same kind with keys of their own."""
    if request.param == "passphrase":
        yield PassphraseCustodian("a long enough passphrase"), PassphraseCustodian("another long passphrase")
    elif request.param == "key service in memory":
        yield tuple(GoogleKeyService(KEY, MemoryKeyClient(KeyService())) for _ in range(2))
    else:
        with serve(KeyService()) as first, serve(KeyService()) as second:
            yield tuple(GoogleKeyService.connect(f"gcp-kms://{KEY}", emulator=at) for at in (first, second))


def test_what_was_wrapped_opens_and_is_never_the_same_twice(pair):
    custodian, _ = pair
    wrapped = [custodian.wrap(SECRET, context=MINE) for _ in range(2)]
    assert [custodian.unwrap(w, context=MINE) for w in wrapped] == [SECRET, SECRET]
    assert wrapped[0] != wrapped[1] and SECRET not in wrapped[0]


@pytest.mark.parametrize("context", [KeyContext("822", "key-ring"), KeyContext("808", "checkpoint")])
def test_another_context_opens_nothing(pair, context):
    custodian, _ = pair
    with pytest.raises((KeyRefused, KeyServiceDenied)):
        custodian.unwrap(custodian.wrap(SECRET, context=MINE), context=context)


def test_another_custodians_key_opens_nothing(pair):
    custodian, other = pair
    with pytest.raises((KeyRefused, KeyServiceDenied)):
        other.unwrap(custodian.wrap(SECRET, context=MINE), context=MINE)


def test_changed_bytes_open_nothing(pair):
    custodian, _ = pair
    wrapped = bytearray(custodian.wrap(SECRET, context=MINE))
    wrapped[-1] ^= 1
    for damaged in (bytes(wrapped), bytes(wrapped[:-1]), b"", b"x" * 40):
        with pytest.raises((KeyRefused, KeyServiceDenied)):
            custodian.unwrap(damaged, context=MINE)


def test_it_has_a_name_and_shows_no_secret(pair):
    custodian, _ = pair
    assert custodian.name.startswith(("passphrase", "gcp-kms://projects/"))
    assert "long enough" not in repr(custodian) + custodian.name

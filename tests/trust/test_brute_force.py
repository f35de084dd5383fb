"""What somebody who tries every phone number finds, by what has leaked. The attack works; one key is not enough.

A million numbers are tried against the tokens of fifty planted ones.
"""

import hashlib
import random

import pytest

from cleanroom.crypto import hmac2
from cleanroom.crypto.epochs import Epoch, tokens_of, wrap

pytestmark = pytest.mark.slow

K1, K2, KID = b"\x11" * 32, b"\x22" * 32, "k1-0000000000000000"
EPOCHS = [Epoch(1, K2)]
CANDIDATES = [f"+8869{number:08d}" for number in range(12_000_000, 13_000_000)]
PLANTED = sorted(random.Random(7).sample(CANDIDATES, 50))
OTHERS = [f"+88637{number:06d}" for number in range(100)]  # tokens that no candidate has
GUESSED_KEY = hashlib.sha256(b"password").digest()


@pytest.fixture(scope="module")
def leaked():
    """What the warehouse holds."""
    return set(tokens_of(EPOCHS, "phone", hmac2.stage1(K1, KID, "phone", PLANTED + OTHERS)))


@pytest.fixture(scope="module")
def first_hashes():
    """Of every candidate: what an attacker with K1 can compute."""
    return hmac2.stage1(K1, KID, "phone", CANDIDATES)


def found(tokens, leaked):
    return [number for number, token in zip(CANDIDATES, tokens, strict=True) if token in leaked]


def test_with_both_keys_every_planted_number_is_found(leaked, first_hashes):
    assert found(tokens_of(EPOCHS, "phone", first_hashes), leaked) == PLANTED


def test_with_the_first_key_alone_none_is_found(leaked, first_hashes):
    """What K1 alone gives: the first hash itself, and a second one without key or under a guessed one."""
    assert found([t1[:16].hex() for t1 in first_hashes], leaked) == []
    assert found([hashlib.sha256(t1).hexdigest()[:32] for t1 in first_hashes], leaked) == []
    assert found(hmac2.stage2(GUESSED_KEY, "1", "phone", first_hashes), leaked) == []


def test_with_the_second_key_alone_none_is_found(leaked):
    """The room's own view: it holds K2 and sees first hashes pass, and has no K1 to make them with."""
    plain = [hashlib.sha256(hmac2.message_prefix("phone") + number.encode()).digest() for number in CANDIDATES]
    assert found(tokens_of(EPOCHS, "phone", plain), leaked) == []
    assert found(tokens_of(EPOCHS, "phone", hmac2.stage1(GUESSED_KEY, KID, "phone", CANDIDATES)), leaked) == []


def test_without_a_second_key_the_first_alone_would_find_all(first_hashes):
    """The power of the attack: had the second hash no key, the participants' K1 would be enough."""
    planted = set(hmac2.stage1(K1, KID, "phone", PLANTED))
    unkeyed = {hashlib.sha256(t1).hexdigest()[:32] for t1 in planted}
    assert found([hashlib.sha256(t1).hexdigest()[:32] for t1 in first_hashes], unkeyed) == PLANTED


def test_after_a_rotation_the_keys_before_it_find_nothing(leaked, first_hashes):
    """K1 and the old K2 leaked: tokens of the next epoch are safe from them, the old ones are not."""
    later = set(wrap(Epoch(2, b"\x33" * 32), leaked))
    old = tokens_of(EPOCHS, "phone", first_hashes)
    assert found(old, later) == []
    assert found(old, leaked) == PLANTED

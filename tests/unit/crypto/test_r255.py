"""ristretto255: published vectors, the laws of the scheme, and what is refused."""

import builtins
import hashlib

import pytest
import rbcl
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.crypto import r255
from cleanroom.errors import KeyRefused, MalformedRows, SettingsInvalid

IDENTITY = bytes(32)  # RFC 9496, section 4: the encoding of the neutral element
SCALARS = st.integers(1, r255.ORDER - 1).map(lambda n: n.to_bytes(32, "little"))


def test_the_hash_to_the_group_is_the_one_of_rfc_9380_and_rfc_9496(monkeypatch):
    """RFC 9497, appendix A.1.1: blinding the input 00 is a scalar times the hash to the group of 00."""
    monkeypatch.setattr(r255, "HASH_DOMAIN", b"HashToGroup-OPRFV1-\x00-ristretto255-SHA512")
    blind = bytes.fromhex("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706")
    [blinded] = r255.convert(blind, [r255._hash_to_group(b"\x00")])
    assert blinded.hex() == "609a0ae68c15a3cf6903766461307e5c8bb2f95e7e6550e1ffa2dc99e412803c"


def test_the_map_is_the_one_of_rfc_9496():
    """RFC 9496, appendix A.3."""
    digest = hashlib.sha512(b"Ristretto is traditionally a short shot of espresso coffee").digest()
    point = rbcl.crypto_core_ristretto255_from_hash(digest)
    assert point.hex() == "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46"


@settings(deadline=None, max_examples=40)
@given(SCALARS, SCALARS, SCALARS, st.text(min_size=1, max_size=30))
def test_every_participant_comes_to_the_same_point_at_the_joint_key(joint, one, other, identifier):
    [expected] = r255.stage1(joint, "device", [identifier])
    for own in (one, other):
        [t1] = r255.stage1(own, "device", [identifier])
        assert r255.convert(r255.factor(joint, own), [t1]) == [expected]
        assert t1 != expected or own == joint


def test_participants_first_hashes_do_not_join_without_the_room():
    mine, yours = r255.new_scalar(), r255.new_scalar()
    people = [f"+88691234567{i}" for i in range(10)]
    assert not set(r255.stage1(mine, "phone", people)) & set(r255.stage1(yours, "phone", people))


def test_the_kind_is_a_part_of_what_is_hashed():
    own = r255.new_scalar()
    assert r255.stage1(own, "phone", ["1"]) != r255.stage1(own, "device", ["1"])


def not_on_the_curve():
    """Encodings that are reduced and not negative, and decode to nothing all the same."""
    found = [n.to_bytes(32, "little") for n in range(2, 400, 2)]
    return [raw for raw in found if not rbcl.crypto_core_ristretto255_is_valid_point(raw)][:5]


NEGATIVE = (int.from_bytes(r255.stage1((7).to_bytes(32, "little"), "phone", ["1"])[0], "little") ^ 1).to_bytes(
    32, "little"
)
NOT_REDUCED = (2**255 - 19 + 2).to_bytes(32, "little")


def test_what_encodes_no_point_is_refused():
    bad = not_on_the_curve()
    assert len(bad) == 5
    for raw in (*bad, IDENTITY, NEGATIVE, NOT_REDUCED, b"\xff" * 32, b"", b"\0" * 31, b"\0" * 33):
        with pytest.raises(MalformedRows, match="r255_point"):
            r255.convert(r255.new_scalar(), [raw])


@pytest.mark.parametrize(
    "scalar", [bytes(32), r255.ORDER.to_bytes(32, "little"), b"\xff" * 32, b"", b"\1" * 31, b"\1" * 33]
)
def test_a_scalar_that_is_none_is_refused(scalar):
    good = r255.new_scalar()
    for work in (
        lambda: r255.stage1(scalar, "phone", ["1"]),
        lambda: r255.convert(scalar, [good]),
        lambda: r255.factor(scalar, good),
        lambda: r255.factor(good, scalar),
    ):
        with pytest.raises(KeyRefused, match="scalar"):
            work()


def test_scalars_are_drawn_reduced_and_different():
    drawn = {r255.new_scalar() for _ in range(50)}
    assert len(drawn) == 50
    assert all(r255.check_scalar(scalar) for scalar in drawn)


def test_without_the_library_the_sentence_says_what_to_install(monkeypatch):
    found = builtins.__import__

    def missing(name, *rest):
        if name == "rbcl":
            raise ImportError(name)
        return found(name, *rest)

    r255._library.cache_clear()
    monkeypatch.setattr(builtins, "__import__", missing)
    try:
        with pytest.raises(SettingsInvalid, match="rekey"):
            r255.stage1(b"\1" + bytes(31), "phone", ["1"])
    finally:
        r255._library.cache_clear()

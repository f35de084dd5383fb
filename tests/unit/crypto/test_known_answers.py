"""The published answers, computed here a second time with nothing but the standard library."""

import copy
import hashlib
import hmac

import pytest

from cleanroom.crypto import known_answers
from cleanroom.errors import CanaryMismatch
from cleanroom.vocabulary.terms import IdentifierKind, Scheme
from tests.factories import ristretto


def hkdf(root, info):
    """RFC 5869, one block."""
    secret = hmac.new(b"hmac2-v1", root, hashlib.sha256).digest()
    return hmac.new(secret, info.encode() + b"\x01", hashlib.sha256).digest()


def test_there_are_at_least_fifty_of_every_kind_of_case():
    document = known_answers.load()
    assert len(document["vectors"]) >= 50
    assert {v["kind"] for v in document["vectors"]} == {k.value for k in IdentifierKind}
    assert len(document["refused"]) >= 30
    assert known_answers.available_schemes() == tuple(Scheme)
    assert known_answers.check(tuple(Scheme)) == len(document["vectors"]) + len(document["refused"])


def test_hashes_agree_with_an_independent_computation():
    document = known_answers.load()
    shared, k2 = document["hmac2-v1"], bytes.fromhex(document["k2"])
    k1 = bytes.fromhex(shared["k1"])
    for vector in document["vectors"]:
        kind = vector["kind"]
        message = f"cleanroom/id/v1\n{kind}\n{vector['canonical']}".encode()
        t1 = hmac.new(hkdf(k1, f"stage1/{kind}/{shared['kid']}"), message, hashlib.sha256).digest()
        assert vector["hmac2-v1"] == {"t1": t1.hex(), "token": token_of(k2, kind, t1)}


def token_of(k2, kind, t1):
    return hmac.new(hkdf(k2, f"stage2/{kind}/1"), t1, hashlib.sha256).digest()[:16].hex()


def test_points_agree_with_an_independent_computation():
    """By the slow group of tests/factories/ristretto.py, which knows nothing of libsodium."""
    document = known_answers.load()
    own, joint = (int.from_bytes(bytes.fromhex(document["r255-rekey-v1"][n]), "little") for n in ("own", "joint"))
    for vector in document["vectors"][::8]:
        kind = vector["kind"]
        message = f"cleanroom/id/v1\n{kind}\n{vector['canonical']}".encode()
        point = ristretto.hash_to_group(message, b"cleanroom/r255-rekey-v1/ristretto255_XMD:SHA-512_R255MAP_RO_")
        at_joint = ristretto.encode(ristretto.multiply(joint, point))
        assert vector["r255-rekey-v1"] == {
            "t1": ristretto.encode(ristretto.multiply(own, point)).hex(),
            "joint": at_joint.hex(),
            "token": token_of(bytes.fromhex(document["k2"]), kind, at_joint),
        }


@pytest.mark.parametrize("scheme", list(Scheme))
def test_equal_things_have_equal_tokens_and_different_things_different_ones(scheme):
    vectors = known_answers.load()["vectors"]
    things = {(v["kind"], v["canonical"]) for v in vectors}
    assert len(things) == len({v[scheme]["t1"] for v in vectors}) == len({v[scheme]["token"] for v in vectors})


def test_the_same_digits_of_another_kind_are_another_token():
    vectors = [v for v in known_answers.load()["vectors"] if v["canonical"] == "+886912345678"]
    assert {v["kind"] for v in vectors} == {"phone", "device"}
    for scheme in Scheme:
        assert len({v[scheme]["t1"] for v in vectors}) == 2


@pytest.mark.parametrize("field", ["canonical", "hmac2-v1", "r255-rekey-v1"])
def test_a_changed_answer_is_noticed(monkeypatch, field):
    document = copy.deepcopy(known_answers.load())
    vector = document["vectors"][40]
    if field == "canonical":
        vector[field] += "0"
    else:
        vector[field]["t1"] = "0" * 64
    monkeypatch.setattr(known_answers, "load", lambda: document)
    with pytest.raises(CanaryMismatch, match="41 of vectors"):
        known_answers.check(tuple(Scheme))


def test_a_value_that_should_be_refused_is_noticed(monkeypatch):
    document = copy.deepcopy(known_answers.load())
    document["refused"][0]["raw"] = "A123456789"
    monkeypatch.setattr(known_answers, "load", lambda: document)
    with pytest.raises(CanaryMismatch, match="1 of refused"):
        known_answers.check()

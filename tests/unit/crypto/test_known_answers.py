"""The published answers, computed here a second time with nothing but the standard library."""

import copy
import hashlib
import hmac

import pytest

from cleanroom.crypto import known_answers
from cleanroom.errors import CanaryMismatch
from cleanroom.vocabulary.terms import IdentifierKind


def hkdf(root, info):
    """RFC 5869, one block."""
    secret = hmac.new(b"hmac2-v1", root, hashlib.sha256).digest()
    return hmac.new(secret, info.encode() + b"\x01", hashlib.sha256).digest()


def test_there_are_at_least_fifty_of_every_kind_of_case():
    document = known_answers.load()
    assert len(document["vectors"]) >= 50
    assert {v["kind"] for v in document["vectors"]} == {k.value for k in IdentifierKind}
    assert len(document["refused"]) >= 20
    assert known_answers.check() == len(document["vectors"]) + len(document["refused"])


def test_hashes_agree_with_an_independent_computation():
    document = known_answers.load()
    k1, k2 = bytes.fromhex(document["k1"]), bytes.fromhex(document["k2"])
    for vector in document["vectors"]:
        kind = vector["kind"]
        message = f"cleanroom/id/v1\n{kind}\n{vector['canonical']}".encode()
        t1 = hmac.new(hkdf(k1, f"stage1/{kind}/{document['k1_kid']}"), message, hashlib.sha256).digest()
        token = hmac.new(hkdf(k2, f"stage2/{kind}/{document['epoch']}"), t1, hashlib.sha256).digest()[:16]
        assert (vector["t1"], vector["token"]) == (t1.hex(), token.hex())


def test_equal_things_have_equal_tokens_and_different_things_different_ones():
    vectors = known_answers.load()["vectors"]
    things = {(v["kind"], v["canonical"]) for v in vectors}
    assert len(things) == len({v["t1"] for v in vectors}) == len({v["token"] for v in vectors})


def test_the_same_digits_of_another_kind_are_another_token():
    found = {v["kind"]: v["t1"] for v in known_answers.load()["vectors"] if v["canonical"] == "+886912345678"}
    from cleanroom.crypto.hmac2 import stage1

    key = bytes.fromhex(known_answers.load()["k1"])
    [as_device] = stage1(key, "published-test-key", "device", ["+886912345678"])
    assert found["phone"] != as_device.hex()


@pytest.mark.parametrize("field", ["canonical", "t1", "token"])
def test_a_changed_answer_is_noticed(monkeypatch, field):
    document = copy.deepcopy(known_answers.load())
    document["vectors"][40][field] += "0"
    monkeypatch.setattr(known_answers, "load", lambda: document)
    with pytest.raises(CanaryMismatch, match="41 of vectors"):
        known_answers.check()


def test_a_value_that_should_be_refused_is_noticed(monkeypatch):
    document = copy.deepcopy(known_answers.load())
    document["refused"][0]["raw"] = "A123456789"
    monkeypatch.setattr(known_answers, "load", lambda: document)
    with pytest.raises(CanaryMismatch, match="1 of refused"):
        known_answers.check()

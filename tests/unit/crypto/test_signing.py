import pytest
from nacl.signing import SigningKey

from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN, MANIFEST_DOMAIN, RECEIPT_DOMAIN
from cleanroom.contracts.messages import KeyRegistration
from cleanroom.crypto import signing
from cleanroom.crypto.encoding import from_text, to_text
from cleanroom.errors import KeyRefused, SignatureRefused

SEED = bytes(range(32))
PUBLIC = signing.public_key_of(SEED)
# The eight points of small order, as encodings that a careless verifier accepts (RFC 8032 curve; 0 and 1 among them).
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


def test_a_signature_verifies_under_its_key_domain_and_content():
    signature = signing.sign(SEED, MANIFEST_DOMAIN, b"content")
    signing.verify(PUBLIC, MANIFEST_DOMAIN, b"content", signature)
    stranger = signing.public_key_of(bytes(32))
    for key, domain, content in (
        (PUBLIC, RECEIPT_DOMAIN, b"content"),
        (PUBLIC, MANIFEST_DOMAIN, b"Content"),
        (stranger, MANIFEST_DOMAIN, b"content"),
    ):
        with pytest.raises(SignatureRefused):
            signing.verify(key, domain, content, signature)


def test_the_published_answer_of_rfc_8032():
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    expected = (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert from_text(signing.sign(seed, b"", b"")).hex() == expected


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64!", "A" * 86, "A" * 85 + "=", "A" * 87])
def test_malformed_signatures_are_refused(signature):
    with pytest.raises(SignatureRefused):
        signing.verify(PUBLIC, MANIFEST_DOMAIN, b"content", signature)


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_small_order_keys_are_refused(point):
    with pytest.raises(KeyRefused, match="key_point"):
        signing.check_public_key(to_text(bytes.fromhex(point)))


@pytest.mark.parametrize(("key", "rule"), [("***", "key_encoding"), ("AAAA", "key_length"), ("A" * 48, "key_length")])
def test_keys_that_are_none_are_refused(key, rule):
    with pytest.raises(KeyRefused, match=rule):
        signing.check_public_key(key)


def registration(**changes):
    payload = signing.proof_payload("808", "signing", "kid-1", PUBLIC)
    proof = signing.sign(SEED, KEY_PROOF_DOMAIN, payload)
    return KeyRegistration(**{"kid": "kid-1", "purpose": "signing", "public_key": PUBLIC, "proof": proof, **changes})


def test_who_holds_the_key_can_prove_it():
    signing.check_proof("808", registration())


@pytest.mark.parametrize(
    ("participant", "changes"),
    [
        ("822", {}),  # somebody else's registration, copied
        ("808", {"kid": "kid-2"}),
        ("808", {"proof": None}),
        ("808", {"public_key": to_text(bytes(SigningKey(bytes(32)).verify_key))}),
    ],
)
def test_who_does_not_cannot(participant, changes):
    with pytest.raises(KeyRefused, match="key_proof"):
        signing.check_proof(participant, registration(**changes))


@pytest.mark.parametrize("text", ["AB", "A", "A=", "A B", "a+b/", "AA==", "\n"])
def test_base64url_has_one_spelling(text):
    if text == "AB":
        with pytest.raises(ValueError, match="canonical"):
            from_text(text)  # the same byte as "AA", with stray bits
        return
    with pytest.raises(ValueError, match="base64url"):
        from_text(text)

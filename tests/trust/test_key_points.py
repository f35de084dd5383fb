"""Public keys that no honest party makes: under a point of small order, signatures of nobody verify."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.signing import SigningKey

from cleanroom import errors
from cleanroom.crypto.encoding import from_text, to_text
from cleanroom.crypto.signing import check_public_key
from cleanroom.vocabulary.terms import Role
from portal.participants.models import ParticipantKey
from tests.factories import torsion
from tests.factories.attacks import Attack, Side, attack
from tests.factories.portal import make_person
from tests.factories.portal_flow import Api
from tests.factories.refusing import refused_by_the_portal, refused_in_the_room

SMALL = torsion.small_order_keys()
IDENTITY = bytes([1]) + bytes(31)


def test_all_of_them_are_known():
    """Eight points, fourteen encodings: the eight canonical ones and six that reduce to them."""
    assert len(set(torsion.small_points())) == 8
    assert len(SMALL) == 14
    assert {bytes(32), IDENTITY, bytes([0xEC]) + b"\xff" * 30 + b"\x7f"} <= set(SMALL)
    assert all(torsion.times(8, point) == torsion.IDENTITY for point in torsion.small_points())


def test_the_attack_works_on_a_verifier_that_takes_them():
    """The power of these cases: a common library verifies a signature that nobody made, over any message."""
    for message in (b"one", b"another"):
        Ed25519PublicKey.from_public_bytes(IDENTITY).verify(torsion.FORGED, message)


@pytest.mark.parametrize("key", SMALL, ids=[key.hex() for key in SMALL])
def test_no_encoding_of_them_passes_the_check(key):
    with pytest.raises(errors.KeyRefused, match="key_point"):
        check_public_key(to_text(key))


def test_an_honest_key_plus_a_small_point_does_not_pass():
    honest = bytes(SigningKey.generate().verify_key)
    assert check_public_key(to_text(honest)) == honest
    with pytest.raises(errors.KeyRefused, match="key_point"):
        check_public_key(to_text(torsion.mixed_order_key(honest)))


@attack(
    Attack(
        "small-order key at verification",
        Side.KEYS,
        "a point of small order stands as the participant's key, past every check of registration, and a signature is "
        "forged under it",
        "以小階點充作機構公鑰並偽造簽章（假設已繞過登錄檢查）",
        refused=errors.KeyRefused,
        rule="key_point",
        verb="submission.refused",
    )
)
def test_a_forged_signature_under_a_small_order_key(case, waiting):
    gate = waiting.room.portal.gates["808"]
    weak = tuple(
        key.model_copy(update={"public_key": to_text(IDENTITY)}) if key.purpose == "signing" else key
        for key in gate.keys
    )
    waiting.room.portal.change("808", keys=weak)
    forged = waiting.signed.model_copy(update={"signature": to_text(torsion.FORGED)})
    assert from_text(forged.signature) == torsion.FORGED
    waiting.write_manifest(forged.to_bytes())
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "small-order key at registration",
        Side.PORTAL,
        "a point of small order, in each of its fourteen encodings, is proposed as signing key, with a forged proof",
        "以小階點（全部十四種編碼）登錄為簽章金鑰，並附偽造證明",
        refused=errors.KeyRefused,
        rule="key_small_order",
        verb="request.refused",
        means=SMALL,
    ),
    Attack(
        "honest key with a small point added at registration",
        Side.PORTAL,
        "a key outside the main subgroup is proposed as signing key",
        "以主子群以外之點登錄為簽章金鑰",
        refused=errors.KeyRefused,
        rule="key_small_order",
        verb="request.refused",
        means=[torsion.mixed_order_key(bytes(SigningKey(bytes(range(32))).verify_key))],
    ),
    Attack(
        "key without its private half at registration",
        Side.PORTAL,
        "somebody else's public key is proposed, without a proof that its private half is held",
        "登錄他人之公鑰而無持有證明",
        refused=errors.KeyRefused,
        rule="key_proof",
        verb="request.refused",
        means=[bytes(SigningKey(bytes(range(32))).verify_key)],
    ),
)
@pytest.mark.django_db
def test_keys_that_are_not_registered(case):
    api = Api(make_person(Role.UPLOAD_SERVICE, institution="808"))
    for key in case.means:
        body = {"kid": "sign-1", "purpose": "signing", "public_key": to_text(key), "proof": to_text(torsion.FORGED)}
        refused_by_the_portal(case, api, "/participants/808/keys", body)
    assert not ParticipantKey.objects.exists()

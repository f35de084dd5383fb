"""Signatures, keys and paths: only the participant of a path, under a key of its own that holds now, is believed."""

from cleanroom import errors
from cleanroom.contracts.canonical import RECEIPT_DOMAIN
from tests.factories.attacks import Attack, Side, attack
from tests.factories.refusing import refused_in_the_room

REFUSED = "submission.refused"


@attack(
    Attack(
        "signature by another participant",
        Side.INTAKE,
        "a manifest is signed with another participant's key, under this participant's key id",
        "以他機構之金鑰簽章，卻標示本機構之金鑰代號",
        refused=errors.SignatureRefused,
        rule="signature",
        verb=REFUSED,
    )
)
def test_a_signature_by_another_participants_key(case, waiting):
    waiting.sign_again(ring=waiting.room.ring_of("822"), kid=waiting.signed.signing_kid)
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "key that only another participant registered",
        Side.INTAKE,
        "another participant signs honestly with its own key, in this participant's inbox",
        "他機構以自有金鑰簽章，卻放入本機構之收件匣",
        refused=errors.KeyRefused,
        rule="key_registered",
        verb=REFUSED,
    )
)
def test_a_key_that_only_another_participant_registered(case, waiting):
    waiting.sign_again(ring=waiting.room.ring_of("822"))
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "signature for another purpose",
        Side.INTAKE,
        "a signature made for a receipt is used for a manifest (signature domains)",
        "將為回執所作之簽章移用於上傳清單",
        refused=errors.SignatureRefused,
        rule="signature",
        verb=REFUSED,
    )
)
def test_a_signature_from_another_domain(case, waiting):
    ring = waiting.room.ring_of("808")
    signature = ring.sign(RECEIPT_DOMAIN, waiting.signed.manifest.canonical())
    waiting.write_manifest(waiting.signed.model_copy(update={"signature": signature}).to_bytes())
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "manifest changed after signing",
        Side.TRANSPORT,
        "a row count in the signed manifest is changed",
        "竄改已簽章清單中之列數",
        refused=errors.SignatureRefused,
        rule="signature",
        verb=REFUSED,
    )
)
def test_a_manifest_that_was_changed_after_signing(case, waiting):
    raw = (waiting.folder / "manifest.json").read_bytes()
    changed = raw.replace(b'"rows":3', b'"rows":4')
    assert changed != raw
    waiting.write_manifest(changed)
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "another participant's path",
        Side.INTAKE,
        "a manifest that names another participant lies in this participant's inbox",
        "清單所載機構與收件匣不符",
        refused=errors.NotTheOwner,
        rule="path_participant",
        verb=REFUSED,
    )
)
def test_a_manifest_for_another_participant_in_this_inbox(case, waiting):
    waiting.sign_again(participant="822")
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "another dataset's path",
        Side.INTAKE,
        "a signed manifest of one dataset lies in the folder of another",
        "清單所載資料集與所在路徑不符",
        refused=errors.ManifestMalformed,
        rule="path",
        verb=REFUSED,
        means={"dataset": "contacts"},
    ),
    Attack(
        "another number's path",
        Side.INTAKE,
        "a signed manifest of one sequence number lies in the folder of another",
        "清單所載序號與所在路徑不符",
        refused=errors.ManifestMalformed,
        rule="path",
        verb=REFUSED,
        means={"sequence": 2},
    ),
)
def test_a_manifest_that_lies_elsewhere_than_it_says(case, waiting):
    waiting.sign_again(**case.means)
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "revoked key, also when signed before",
        Side.KEYS,
        "a submission signed while the key was good is taken in after the key was revoked",
        "於金鑰撤銷前簽章之批次，撤銷後始收件",
        refused=errors.KeyRefused,
        rule="key_revoked",
        verb=REFUSED,
    )
)
def test_a_revoked_key(case, waiting):
    gate = waiting.room.portal.gates["808"]
    revoked = tuple(k.model_copy(update={"state": "revoked"}) for k in gate.keys)
    waiting.room.portal.change("808", keys=revoked)
    refused_in_the_room(case, waiting)

"""What takes two people cannot be had by one: keys, releases from quarantine, withdrawals; and no ring in clear."""

import base64

import pyrage
import pytest
from nacl.signing import SigningKey

from cleanroom import errors
from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import KeyRegistration
from cleanroom.contracts.possession import answer_to, challenge
from cleanroom.crypto.encoding import to_text
from cleanroom.crypto.envelope import seal_bytes
from cleanroom.crypto.possession import answer_challenge
from cleanroom.pipeline.keys import init_room_keys, open_room_keys, prepare_participant_keys
from cleanroom.settings import RoomSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.vocabulary.terms import Role
from portal.participants.actions.approve_key import approve_key
from portal.participants.actions.propose_key import propose_key, prove_key
from portal.participants.models import ParticipantKey
from portal.uploads.actions.order import approve_order, order
from portal.uploads.actions.report import report_upload
from portal.uploads.models import Submission
from portal.uploads.orders import Kind
from tests.factories.attacks import Attack, Side, attack
from tests.factories.portal import make_participant, make_person
from tests.factories.portal_flow import Api, upload
from tests.factories.refusing import refused_by_the_portal, refused_in_the_room

NUMBER, REASON = f"{1:064x}", "agreed by telephone with the branch"
QUARANTINED = {"state": "quarantined", "reason": "quality_gate_failed", "sentence": "Broken."}


def refusal(name, side, done, done_zh, kind, rule, verb="", means=None):
    return Attack(name, side, done, done_zh, refused=kind, rule=rule, verb=verb, means=means)


def signing_registration() -> KeyRegistration:
    key = SigningKey.generate()
    public = to_text(bytes(key.verify_key))
    claim = {"participant": "808", "purpose": "signing", "kid": "sign-1", "public_key": public}
    proof = to_text(key.sign(KEY_PROOF_DOMAIN + canonical_bytes(claim)).signature)
    return KeyRegistration(kid="sign-1", purpose="signing", public_key=public, proof=proof)


@attack(
    refusal(
        "one person proposes and approves a key", Side.PORTAL,
        "an officer approves the signing key that he proposed himself", "承辦人核准自己提報之簽章金鑰",
        errors.NotAllowed, "two_people", verb="request.refused",
    )
)  # fmt: skip
@pytest.mark.django_db
def test_a_key_by_one_person(case):
    officer = make_person(Role.PARTICIPANT_OFFICER, institution="808")
    propose_key(by=officer, participant="808", registration=signing_registration())
    refused_by_the_portal(case, Api(officer), "/participants/808/keys/sign-1/approve")
    assert ParticipantKey.objects.get().state == "proposed"


@attack(
    refusal(
        "sealing key of somebody else", Side.PORTAL,
        "a sealing key is proposed by somebody who cannot open what is sealed to it",
        "提報他人之加密金鑰，無法開啟以其加密之內容",
        errors.KeyRefused, "key_proof",
    )
)  # fmt: skip
@pytest.mark.django_db
def test_a_sealing_key_that_is_not_at_hand(case):
    service, public = make_person(Role.UPLOAD_SERVICE, institution="808"), pyrage.x25519.Identity.generate().to_public()
    registration = KeyRegistration(kid="seal-1", purpose="sealing", public_key=str(public))
    key = propose_key(by=service, participant="808", registration=registration)
    opened = challenge(owner="808", kid="seal-1", public_key=str(public), nonce=bytes(32))  # the nonce is a guess
    guess = answer_to(opened, owner="808", kid="seal-1", public_key=str(public))
    with case.refuses():
        prove_key(by=service, participant="808", kid="seal-1", answer=guess)
    with pytest.raises(errors.KeyRefused, match="key_proof"):
        approve_key(by=make_person(Role.KEY_CUSTODIAN), participant="808", kid="seal-1")
    key.refresh_from_db()
    assert (key.state, key.proved_at) == ("proposed", None)


@attack(
    refusal(
        "a warning called a challenge", Side.KEYS,
        "an institution is asked to answer a challenge that is really a message sealed to it",
        "以封給機構之訊息冒充挑戰，要求開啟", errors.KeyRefused, "key_challenge",
    )
)  # fmt: skip
def test_no_ring_opens_messages_for_others(case, tmp_path):
    ring = prepare_participant_keys(tmp_path / "keys", institution="808", demo=True)
    message = base64.b64encode(seal_bytes(b'{"body": "a warning"}', ring.recipient)).decode()
    with case.refuses():
        answer_challenge(ring, message)
    assert "warning" not in str(case.error)


@attack(
    refusal(
        "key that waits for its second person", Side.KEYS,
        "a submission is signed with a key that was proposed and not approved", "以已提報、尚未核准之金鑰簽章",
        errors.KeyRefused, "key_approved", verb="submission.refused",
    )
)  # fmt: skip
def test_a_proposed_key_signs_nothing(case, waiting):
    gate = waiting.room.portal.gates["808"]
    proposed = tuple(k.model_copy(update={"state": "proposed"}) for k in gate.keys)
    waiting.room.portal.change("808", keys=proposed)
    assert "second person" in str(refused_in_the_room(case, waiting))


ORDERS = {
    "release by the institution itself": (QUARANTINED, Kind.RELEASE, Role.GOVERNANCE_APPROVER, "808"),
    "order by one person": ({}, Kind.WITHDRAW, Role.GOVERNANCE_REVIEWER, "808"),
}


@attack(
    refusal(
        "release by the institution itself", Side.PORTAL,
        "somebody of the submitting institution approves the release of its own file from quarantine",
        "上傳機構之人員核准自家檔案自隔離放行", errors.NotAllowed, "two_people",
    ),
    refusal(
        "order by one person", Side.PORTAL,
        "the person who ordered a withdrawal approves it in another role", "提出撤回之人以另一角色自行核准",
        errors.NotAllowed, "two_people",
    ),
)  # fmt: skip
@pytest.mark.django_db
def test_an_order_is_never_one_persons(case):
    state, kind, role, institution = ORDERS[case.attack.name]
    second = make_person(Role.DATA_STEWARD, role, institution=institution)
    report_upload(upload(1, **state), by=make_person(Role.ROOM_SERVICE))
    first = make_person(Role.COORDINATOR) if kind is Kind.RELEASE else second
    made = order(by=first, submission_id=NUMBER, kind=kind, reason=REASON)
    with case.refuses():
        approve_order(by=second, order_id=made.order_id)
    made.refresh_from_db()
    assert made.state == "open"


UNORDERED = {
    "release that nobody ordered": (QUARANTINED, "accepted"),
    "withdrawal that nobody ordered": ({}, "withdrawn"),
}


@attack(
    refusal(
        "release that nobody ordered", Side.PORTAL, "the room lets a file out of quarantine by itself",
        "無塵室自行將檔案自隔離放行", errors.NotAllowed, "submission_order",
        verb="request.refused",
    ),
    refusal(
        "withdrawal that nobody ordered", Side.PORTAL, "the room destroys a submission by itself",
        "無塵室自行銷毀上傳件", errors.NotAllowed, "submission_order",
        verb="request.refused",
    ),
)  # fmt: skip
@pytest.mark.django_db
def test_the_room_alone_changes_nothing(case):
    before, after = UNORDERED[case.attack.name]
    make_participant("808")
    room = make_person(Role.ROOM_SERVICE)
    report_upload(upload(1, **before), by=room)
    refused_by_the_portal(case, Api(room), "/uploads", upload(1, state=after).model_dump(mode="json"))
    assert Submission.objects.get().state == before.get("state", "accepted")


@attack(
    refusal(
        "key ring in clear in production", Side.KEYS, "production is started with a ring that no custodian keeps",
        "正式環境使用未封裝之金鑰環", errors.KeyRefused, "key_ring_unwrapped", verb="keys.refused",
        means={"environment": "production"},
    ),
    refusal(
        "key ring in clear put in a wrapped one's place", Side.KEYS,
        "an attacker's ring in clear takes the place of the room's wrapped one", "以未封裝之金鑰環替換已封裝者",
        errors.KeyRefused, "key_ring_unwrapped", verb="keys.refused", means={"key_custody": "passphrase:"},
    ),
)  # fmt: skip
def test_a_ring_in_clear(case, tmp_path):
    secret = tmp_path / "passphrase"
    secret.write_text("a long enough passphrase\n")
    means = {name: value + (str(secret) if value.endswith(":") else "") for name, value in case.means.items()}
    settings = RoomSettings(home=tmp_path, **means)
    init_room_keys(settings.keys, demo=False)
    with case.refuses():
        open_room_keys(settings)
    case.recorded(AuditFile(settings.audit_file).events())

"""Keys and addresses: what is registered was proven, and what is weak, borrowed or private is refused."""

import base64
from datetime import UTC, datetime

import pyrage
import pytest
from django.db import IntegrityError, transaction
from nacl.signing import SigningKey

from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import KeyRegistration
from cleanroom.contracts.possession import answer_to
from cleanroom.errors import KeyRefused, NotAllowed, RequestInvalid
from cleanroom.pipeline.key_registration import propose_room_keys
from cleanroom.pipeline.keys import init_room_keys
from cleanroom.vocabulary.terms import Role
from portal.audit.models import Event
from portal.participants import queries
from portal.participants.actions.approve_key import approve_key, revoke_key
from portal.participants.actions.propose_endpoint import disable_endpoint
from portal.participants.actions.propose_key import propose_key, prove_key
from portal.participants.addresses import check_address, check_public
from portal.participants.models import Endpoint, ParticipantKey, RoomKey
from portal.participants.queries import registered_keys
from tests.factories.portal import make_participant, make_person

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SMALL_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "ec" + "ff" * 30 + "7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ed" + "ff" * 30 + "7f",
]


@pytest.fixture
def officer():
    return make_person(Role.PARTICIPANT_OFFICER, institution="808")


def register(officer, body: dict) -> ParticipantKey:
    return propose_key(by=officer, participant="808", registration=KeyRegistration(**body))


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_proven_key_is_proposed_once(officer, registration_of):
    body = registration_of("808")
    assert register(officer, body) == register(officer, body)
    assert ParticipantKey.objects.count() == Event.objects.filter(verb="key.proposed").count() == 1


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_weak_points_are_refused(officer, registration_of, point):
    body = registration_of("808", public_key=b64(bytes.fromhex(point)))
    with pytest.raises(KeyRefused) as caught:
        register(officer, body)
    assert caught.value.rule == "key_small_order" and not ParticipantKey.objects.exists()


def test_a_proof_for_another_purpose_name_or_institution_does_not_count(officer, registration_of):
    wrong = [
        {**registration_of("822")},
        {**registration_of("808"), "kid": "other"},
        {**registration_of("808"), "proof": None},
        {**registration_of("808"), "proof": b64(b"\0" * 64)},
        {**registration_of("808"), "proof": "short"},
        {**registration_of("808"), "public_key": b64(bytes(SigningKey.generate().verify_key))},
    ]
    for body in wrong:
        with pytest.raises(KeyRefused):
            register(officer, body)
    assert not ParticipantKey.objects.exists() and not Event.objects.exists()


def test_other_spellings_of_a_key_are_refused(officer, registration_of):
    body = registration_of("808")
    for spelling in (body["public_key"] + "=", body["public_key"] + "\n", "é" * 43, body["public_key"][:-2]):
        with pytest.raises(KeyRefused):
            register(officer, {**body, "public_key": spelling})


def test_a_key_or_its_name_serves_one_purpose_of_one_institution(officer, registration_of):
    key = SigningKey.generate()
    register(officer, registration_of("808", key=key))
    with pytest.raises(KeyRefused, match="in use"):
        register(officer, registration_of("808"))
    with pytest.raises(KeyRefused, match="in use"):
        register(officer, registration_of("808", key=key, kid="sign-2"))
    other = make_person(Role.PARTICIPANT_OFFICER, institution="822")
    with pytest.raises(KeyRefused, match="in use"):
        propose_key(by=other, participant="822", registration=KeyRegistration(**registration_of("822", key=key)))


REASON = "the laptop was stolen on Monday"


def test_two_people_bring_a_key_into_force(officer, registration_of):
    register(officer, registration_of("808"))
    assert [(k.kid, k.state) for k in registered_keys(officer.institution)] == [("sign-1", "proposed")]
    assert queries.active_signing_key("808", "sign-1") is None
    with pytest.raises(NotAllowed, match="second person"):
        approve_key(by=officer, participant="808", kid="sign-1")
    custodian = make_person(Role.KEY_CUSTODIAN)
    assert approve_key(by=custodian, participant="808", kid="sign-1").state == "active"
    assert approve_key(by=officer, participant="808", kid="sign-1").approved_by == custodian, "again: nothing changes"
    assert queries.active_signing_key("808", "sign-1")
    [event] = Event.objects.filter(verb="key.approved")
    assert event.detail == {"kid": "sign-1", "purpose": "signing", "proposed_by": officer.username}


def test_the_database_itself_wants_two_people_and_possession(officer, registration_of):
    key = register(officer, registration_of("808"))
    rows, other = ParticipantKey.objects.filter(pk=key.pk), make_person(Role.KEY_CUSTODIAN)
    broken = [
        {"approved_by": officer, "approved_at": NOW},
        {"approved_by": other},
        {"approved_by": other, "approved_at": NOW, "proved_at": None},
        {"revoked_by": other, "revoked_at": NOW},
        {"revoked_at": NOW, "revoked_reason": REASON},
    ]
    for changes in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**changes)
    assert rows.update(approved_by=other, approved_at=NOW) == 1


def test_an_approval_is_by_somebody_who_may(officer, registration_of):
    register(officer, registration_of("808"))
    strangers = (
        make_person(Role.PARTICIPANT_OFFICER, institution="822"),
        make_person(Role.UPLOAD_SERVICE, institution="808"),
        make_person(Role.COORDINATOR),
    )
    for stranger in strangers:
        with pytest.raises(NotAllowed):
            approve_key(by=stranger, participant="808", kid="sign-1")
    assert ParticipantKey.objects.get().state == "proposed"


def test_a_revoked_key_never_comes_back(officer, registration_of):
    body = registration_of("808")
    register(officer, body)
    approve_key(by=make_person(Role.KEY_CUSTODIAN), participant="808", kid="sign-1")
    with pytest.raises(RequestInvalid, match="reason"):
        revoke_key(by=officer, participant="808", kid="sign-1", reason="lost")
    for _again in range(2):
        assert revoke_key(by=officer, participant="808", kid="sign-1", reason=REASON).state == "revoked"
    [event] = Event.objects.filter(verb="key.revoked")
    assert event.detail["reason"] == REASON
    with pytest.raises(KeyRefused, match="revoked"):
        register(officer, body)
    with pytest.raises(KeyRefused, match="revoked"):
        approve_key(by=make_person(Role.KEY_CUSTODIAN), participant="808", kid="sign-1")
    assert queries.active_signing_key("808", "sign-1") is None


def test_a_declined_proposal_may_be_made_anew(officer, registration_of):
    body, custodian = registration_of("808"), make_person(Role.KEY_CUSTODIAN)
    register(officer, body)
    revoke_key(by=custodian, participant="808", kid="sign-1", reason="nobody could be reached to compare it")
    again = register(make_person(Role.UPLOAD_SERVICE, institution="808"), body)
    assert (again.state, again.revoked_reason) == ("proposed", "")
    assert approve_key(by=officer, participant="808", kid="sign-1").state == "active"


def test_a_sealing_key_is_proven_by_opening_a_challenge(officer):
    identity = pyrage.x25519.Identity.generate()
    recipient, custodian = str(identity.to_public()), make_person(Role.KEY_CUSTODIAN)
    key = register(officer, {"kid": "seal-1", "purpose": "sealing", "public_key": recipient})
    with pytest.raises(KeyRefused, match="challenge"):
        approve_key(by=custodian, participant="808", kid="seal-1")
    opened = pyrage.decrypt(base64.b64decode(key.challenge), [identity])
    answer = answer_to(opened, owner="808", kid="seal-1", public_key=recipient)
    for wrong in ("0" * 64, "", key.answer_digest, opened.hex()):
        with pytest.raises(KeyRefused, match="answer"):
            prove_key(by=officer, participant="808", kid="seal-1", answer=wrong)
    for _again in range(2):
        prove_key(by=officer, participant="808", kid="seal-1", answer=answer)
    assert Event.objects.filter(verb="key.proved").count() == 1
    assert approve_key(by=custodian, participant="808", kid="seal-1").state == "active"


def test_a_sealing_key_is_an_age_recipient(officer):
    good = {"kid": "seal-1", "purpose": "sealing", "public_key": str(pyrage.x25519.Identity.generate().to_public())}
    assert register(officer, good).purpose == "sealing"
    for key in ("age1nonsense", "AGE-SECRET-KEY-1QQQQ", ""):
        with pytest.raises(KeyRefused):
            register(officer, {**good, "kid": "seal-2", "public_key": key})


def test_who_may_propose(registration_of):
    make_participant("808")
    body = KeyRegistration(**registration_of("808"))
    for wrong in (make_person(Role.PARTICIPANT_OFFICER, institution="822"), make_person(Role.COORDINATOR)):
        with pytest.raises(NotAllowed):
            propose_key(by=wrong, participant="808", registration=body)
    assert propose_key(by=make_person(Role.KEY_CUSTODIAN), participant="808", registration=body)


def test_a_suspended_institution_registers_nothing(officer, registration_of):
    officer.institution.state = "suspended"
    officer.institution.save()
    with pytest.raises(NotAllowed, match="suspended"):
        register(officer, registration_of("808"))


@pytest.fixture
def room_side(tmp_path, api_as):
    """The room's service and a ring: what proposes, and what is proposed."""
    service = api_as(make_person(Role.ROOM_SERVICE))

    def propose(name: str):
        return propose_room_keys(init_room_keys(tmp_path / name, demo=True), post=service.post)

    return propose


def test_the_rooms_keys_take_two_people_and_are_replaced_not_lost(room_side, api_as):
    custodian, coordinator = api_as(make_person(Role.KEY_CUSTODIAN)), api_as(make_person(Role.COORDINATOR))
    first = room_side("one")
    assert (first.state, first.challenge, queries.current_room_key()) == ("proposed", None, None)
    custodian.post(f"/room-keys/{first.kid}/approve")
    custodian.post(f"/room-keys/{first.kid}/approve")
    assert room_side("one").state == "active" and queries.current_room_key().recipient_kid == first.kid
    second = room_side("two")
    assert queries.current_room_key().recipient_kid == first.kid, "until a second person approves, nothing changes"
    coordinator.post(f"/room-keys/{second.kid}/approve")
    assert queries.current_room_key().recipient_kid == second.kid
    assert [k.state for k in RoomKey.objects.all()] == ["active", "replaced"]
    assert "before" in custodian.post("/room-keys", pair_of(first.kid), expect=422)["detail"]
    verbs = [e.verb for e in Event.objects.order_by("sequence") if e.verb.startswith("room_key.")]
    assert verbs == ["room_key.proposed", "room_key.proved", "room_key.approved"] * 2


def pair_of(recipient_kid: str) -> dict:
    key = RoomKey.objects.get(recipient_kid=recipient_kid)
    signing = SigningKey.generate()
    public = b64(bytes(signing.verify_key))
    claim = {"participant": "room", "purpose": "signing", "kid": "x", "public_key": public}
    proof = signing.sign(KEY_PROOF_DOMAIN + canonical_bytes(claim)).signature
    return {
        "recipient_kid": recipient_kid, "recipient": key.recipient, "signing_kid": "x", "signing_key": public,
        "proof": b64(proof),
    }  # fmt: skip


def test_nobody_approves_the_room_key_he_proposed(tmp_path, api_as):
    custodian = api_as(make_person(Role.KEY_CUSTODIAN))
    key = propose_room_keys(init_room_keys(tmp_path, demo=True), post=custodian.post)
    assert "second person" in custodian.post(f"/room-keys/{key.kid}/approve", expect=403)["detail"]
    assert api_as(make_person(Role.ROOM_SERVICE)).post(f"/room-keys/{key.kid}/approve", expect=403)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoomKey.objects.update(approved_by=RoomKey.objects.get().proposed_by, approved_at=NOW)


def test_a_room_key_without_proof_is_refused(tmp_path, api_as):
    service, ring = api_as(make_person(Role.ROOM_SERVICE)), init_room_keys(tmp_path, demo=True)
    pair = {
        "recipient_kid": ring.recipient_kid, "recipient": ring.recipient, "signing_kid": ring.signing_kid,
        "signing_key": ring.signing_public_key, "proof": ring.proof_of_possession("808"),
    }  # fmt: skip
    assert service.post("/room-keys", pair, expect=422)["reason"] == "key_refused"
    weak = {**pair, "signing_key": b64(b"\0" * 32), "proof": ring.proof_of_possession()}
    assert service.post("/room-keys", weak, expect=422)["reason"] == "key_refused"
    assert not RoomKey.objects.exists()


def test_a_revoked_room_key_leaves_no_key(room_side, api_as):
    custodian = api_as(make_person(Role.KEY_CUSTODIAN))
    key = room_side("one")
    custodian.post(f"/room-keys/{key.kid}/approve")
    custodian.post(f"/room-keys/{key.kid}/revoke", {"reason": REASON})
    assert queries.current_room_key() is None
    gate = queries.gate_of(make_participant("808"), next_sequence={})
    assert gate.room_recipient is None and gate.room_signing_key is None
    assert room_side("two").state == "proposed"


def test_a_newer_pair_takes_the_place_of_one_that_waits(room_side):
    first, second = room_side("one"), room_side("two")
    assert {k.recipient_kid: k.state for k in RoomKey.objects.all()} == {first.kid: "revoked", second.kid: "proposed"}


EMBEDDED = {"production": False, "allowed_hosts": ["hooks.example.tw"]}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/x", "http://localhost/x", "https://hooks.example.tw/x", "http://[::1]:9/hook"]
)
def test_addresses_that_are_accepted(url):
    check_address(url, **EMBEDDED)


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("ftp://127.0.0.1/x", "endpoint_form"),
        ("127.0.0.1/x", "endpoint_form"),
        ("http://user:word@127.0.0.1/", "endpoint_form"),
        ("http://127.0.0.1/#x", "endpoint_form"),
        ("http://127.0.0.1:port/", "endpoint_form"),
        ("https://elsewhere.example/x", "endpoint_host"),
        ("http://127.0.0.1.example/x", "endpoint_host"),
    ],
)
def test_addresses_that_are_refused(url, rule):
    with pytest.raises(NotAllowed) as caught:
        check_address(url, **EMBEDDED)
    assert caught.value.rule == rule


PRIVATE = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1", "0.0.0.0"]  # noqa: S104  refused


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused_in_production(host):
    with pytest.raises(NotAllowed) as caught:
        check_public(host)
    assert caught.value.rule == "endpoint_private"
    check_public("8.8.8.8")


def test_production_wants_https_and_the_list():
    with pytest.raises(NotAllowed) as caught:
        check_address("http://8.8.8.8/x", production=True, allowed_hosts=["8.8.8.8"])
    assert caught.value.rule == "endpoint_https"
    with pytest.raises(NotAllowed):
        check_address("https://127.0.0.1/x", production=True, allowed_hosts=[])
    check_address("https://8.8.8.8/x", production=True, allowed_hosts=["8.8.8.8"])


def test_a_dead_endpoint_is_disabled_once(officer):
    coordinator = make_person(Role.COORDINATOR)
    endpoint = Endpoint.objects.create(participant=officer.institution, url="http://127.0.0.1:9/x", proposed_by=officer)
    for _again in range(2):
        disable_endpoint(by=coordinator, endpoint=endpoint, reason="gone")
    endpoint.refresh_from_db()
    assert endpoint.disabled_at and Event.objects.filter(verb="endpoint.disabled").count() == 1

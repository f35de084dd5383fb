"""Keys and addresses: what is registered was proven, and what is weak, borrowed or private is refused."""

import base64

import pyrage
import pytest
from nacl.signing import SigningKey

from cleanroom.contracts.messages import KeyRegistration
from cleanroom.errors import KeyRefused, NotAllowed
from cleanroom.vocabulary.terms import Role
from portal.audit.models import Event
from portal.participants.actions.propose_endpoint import disable_endpoint
from portal.participants.actions.register_key import register_key, revoke_key
from portal.participants.addresses import check_address, check_public
from portal.participants.models import Endpoint, ParticipantKey, RoomKey
from tests.factories.portal import make_participant, make_person

pytestmark = pytest.mark.django_db
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
    return register_key(by=officer, participant="808", registration=KeyRegistration(**body))


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_proven_key_is_registered_once(officer, registration_of):
    body = registration_of("808")
    assert register(officer, body) == register(officer, body)
    assert ParticipantKey.objects.count() == Event.objects.filter(verb="key.registered").count() == 1


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
        register_key(by=other, participant="822", registration=KeyRegistration(**registration_of("822", key=key)))


def test_a_revoked_key_never_comes_back(officer, registration_of):
    body = registration_of("808")
    register(officer, body)
    assert revoke_key(by=officer, participant="808", kid="sign-1") == revoke_key(
        by=officer, participant="808", kid="sign-1"
    )
    assert Event.objects.filter(verb="key.revoked").count() == 1
    with pytest.raises(KeyRefused, match="revoked"):
        register(officer, body)


def test_a_sealing_key_is_an_age_recipient(officer):
    good = {"kid": "seal-1", "purpose": "sealing", "public_key": str(pyrage.x25519.Identity.generate().to_public())}
    assert register(officer, good).purpose == "sealing"
    for key in ("age1nonsense", "AGE-SECRET-KEY-1QQQQ", ""):
        with pytest.raises(KeyRefused):
            register(officer, {**good, "kid": "seal-2", "public_key": key})


def test_who_may_register(registration_of):
    make_participant("808")
    body = KeyRegistration(**registration_of("808"))
    for wrong in (make_person(Role.PARTICIPANT_OFFICER, institution="822"), make_person(Role.COORDINATOR)):
        with pytest.raises(NotAllowed):
            register_key(by=wrong, participant="808", registration=body)
    assert register_key(by=make_person(Role.KEY_CUSTODIAN), participant="808", registration=body)


def test_a_suspended_institution_registers_nothing(officer, registration_of):
    officer.institution.state = "suspended"
    officer.institution.save()
    with pytest.raises(NotAllowed, match="suspended"):
        register(officer, registration_of("808"))


def test_the_rooms_keys_are_replaced_not_lost(api_as):
    custodian = api_as(make_person(Role.KEY_CUSTODIAN))

    def pair(name: str) -> dict:
        recipient = str(pyrage.x25519.Identity.generate().to_public())
        key = b64(bytes(SigningKey.generate().verify_key))
        return {"recipient_kid": name, "recipient": recipient, "signing_kid": name, "signing_key": key}

    first, second = pair("one"), pair("two")
    for body in (first, first, second):
        custodian.post("/room-keys", body)
    assert RoomKey.objects.count() == 2
    assert RoomKey.objects.get(replaced_at=None).recipient_kid == "two"
    assert (
        custodian.post("/room-keys", {**second, "signing_key": b64(b"\0" * 32)}, expect=422)["reason"] == "key_refused"
    )


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

"""The key service that fails, denies, is slow or garbles its answer: refused with the right reason, nothing opened."""

import pytest

from cleanroom.contracts.custody import KeyContext
from cleanroom.errors import CleanroomError, KeyServiceDenied, KeyServiceFault, SettingsInvalid
from cleanroom.settings import RoomSettings
from cleanroom.stores.key_service import key_service
from cleanroom.stores.kms_google import GoogleKeyService
from tests.fakes.key_service import KEY, KeyService, MemoryKeyClient, serve

CONTEXT = KeyContext("room", "key-ring")
DENIED = ("denied", "disabled", "missing")
FAULTY = ("down", "broken", "silent", "garbled")


@pytest.fixture(params=["memory", "wire"])
def service_and_custodian(request):
    service = KeyService()
    hurry = {"answer_s": 0.3, "give_up_s": 0.6}
    if request.param == "memory":
        yield service, GoogleKeyService(KEY, MemoryKeyClient(service), **hurry)
        return
    with serve(service) as address:
        client = GoogleKeyService.connect(f"gcp-kms://{KEY}", emulator=address)._client
        yield service, GoogleKeyService(KEY, client, **hurry)


@pytest.mark.parametrize(
    ("mood", "kind"), [(m, KeyServiceDenied) for m in DENIED] + [(m, KeyServiceFault) for m in FAULTY]
)
def test_each_failure_has_its_class_and_no_text_of_the_service(service_and_custodian, mood, kind):
    service, custodian = service_and_custodian
    wrapped = custodian.wrap(b"secret", context=CONTEXT)
    service.mood = mood
    for ask in (
        lambda: custodian.unwrap(wrapped, context=CONTEXT),
        lambda: custodian.wrap(b"secret", context=CONTEXT),
    ):
        with pytest.raises(CleanroomError) as caught:
            ask()
        assert type(caught.value) is kind
        assert "keeper@" not in str(caught.value) and caught.value.__cause__ is None


def test_what_passes_is_tried_again_and_a_no_is_not(service_and_custodian):
    service, custodian = service_and_custodian
    service.fails_first = 1
    wrapped = custodian.wrap(b"secret", context=CONTEXT)
    assert service.asked == ["encrypt", "encrypt"]
    service.mood = "denied"
    with pytest.raises(KeyServiceDenied):
        custodian.unwrap(wrapped, context=CONTEXT)
    assert service.asked[2:] == ["decrypt"]


def test_tries_are_bounded(service_and_custodian):
    service, custodian = service_and_custodian
    service.mood = "down"
    with pytest.raises(KeyServiceFault):
        custodian.wrap(b"secret", context=CONTEXT)
    assert 2 <= len(service.asked) < 20


@pytest.mark.parametrize("mood", ["unverified", "garbled_key"])
def test_an_answer_that_does_not_prove_what_arrived_is_not_used(service_and_custodian, mood):
    service, custodian = service_and_custodian
    service.mood = mood
    with pytest.raises(KeyServiceFault, match="key_service"):
        custodian.wrap(b"secret", context=CONTEXT)


def test_nobody_at_the_address_is_a_fault():
    client = GoogleKeyService.connect(f"gcp-kms://{KEY}", emulator="127.0.0.1:9")._client
    custodian = GoogleKeyService(KEY, client, answer_s=0.3, give_up_s=0.6)
    with pytest.raises(KeyServiceFault):
        custodian.wrap(b"secret", context=CONTEXT)


@pytest.mark.parametrize("name", ["gcp-kms://", "gcp-kms://projects/p", f"gcp-kms://{KEY}/cryptoKeyVersions/1"])
def test_a_name_that_is_no_key(name):
    with pytest.raises(SettingsInvalid):
        GoogleKeyService.connect(name, emulator="127.0.0.1:9")


@pytest.mark.parametrize(
    ("host", "environment"),
    [("kms.example.org:443", "embedded"), ("127.0.0.1.example.org:80", "embedded"), ("127.0.0.1:9", "production")],
)
def test_a_stand_in_is_on_this_machine_and_never_in_production(tmp_path, host, environment):
    with pytest.raises(SettingsInvalid, match="CLEANROOM_KMS_EMULATOR_HOST"):
        key_service(RoomSettings(home=tmp_path, environment=environment, kms_emulator=host))

"""The key service that wraps the room's keys says no, fails, lies or is slow: nothing is decrypted, nothing lands."""

import json

import pytest

from cleanroom import errors
from cleanroom.cli.main import main
from cleanroom.crypto.custody import ring_file
from cleanroom.pipeline.keys import open_room_keys
from cleanroom.pipeline.room import open_room
from cleanroom.settings import RoomSettings
from cleanroom.stores import kms_google
from cleanroom.stores.audit_file import AuditFile
from tests.factories.attacks import Attack, Side, attack
from tests.fakes.key_service import KEY, KeyService, serve

REFUSED = "keys.refused"


@pytest.fixture
def service():
    return KeyService()


@pytest.fixture
def room(tmp_path, service, monkeypatch):
    """The room's settings, its ring with the service on loopback."""
    with serve(service) as address:
        values = {
            "CLEANROOM_HOME": str(tmp_path),
            "CLEANROOM_KEY_CUSTODY": f"gcp-kms://{KEY}",
            "CLEANROOM_KMS_EMULATOR_HOST": address,
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        assert main(["keys", "init-room", "--demo"]) == 0
        yield RoomSettings.from_environment()


def events(settings):
    return list(AuditFile(settings.audit_file).events())


def mood(name, done, done_zh, mood, refused):
    return Attack(name, Side.KEYS, done, done_zh, refused=refused, rule="key_service", verb=REFUSED, means=mood)


@attack(
    mood(
        "key service denies",
        "the room has lost the right to use its key",
        "金鑰服務拒絕：無權使用",
        "denied",
        errors.KeyServiceDenied,
    ),
    mood("key disabled", "the key was disabled in the service", "金鑰已停用", "disabled", errors.KeyServiceDenied),
    mood("key service down", "the service does not answer", "金鑰服務無法連線", "down", errors.KeyServiceFault),
    mood(
        "key service slow",
        "the service takes longer than the deadline",
        "金鑰服務逾時",
        "silent",
        errors.KeyServiceFault,
    ),
    mood(
        "key service's answer damaged",
        "the checksum of the answer does not fit",
        "回應校驗碼不符",
        "garbled",
        errors.KeyServiceFault,
    ),
)
def test_a_room_without_its_keys_does_not_open(case, room, service, monkeypatch):
    service.mood = case.means
    hurry = {"answer_s": 0.3, "give_up_s": 0.6}
    monkeypatch.setattr(kms_google.GoogleKeyService.__init__, "__kwdefaults__", hurry)
    with case.refuses(), open_room(room):
        pytest.fail("the room opened without its keys")
    case.recorded(events(room))
    assert not room.warehouse_file.exists()
    service.mood = "works"
    assert open_room_keys(room).owner == "room"


@attack(
    Attack(
        "wrapped keys of another owner",
        Side.KEYS,
        "another institution's wrapped ring is put in the room's place, wrapped by the same service",
        "以他機構之封裝金鑰環替換（同一金鑰服務）",
        refused=errors.KeyRefused,
        rule="key_ring_owner",
        verb=REFUSED,
        means=lambda raw: raw,
    ),
    Attack(
        "wrapped keys of another owner, renamed",
        Side.KEYS,
        "the same, and the ring is renamed to the room's: the context of the wrapping is another one",
        "同上並改名為無塵室所有：封裝內容不符",
        refused=errors.KeyServiceDenied,
        rule="key_service",
        verb=REFUSED,
        means=lambda raw: json.dumps({**json.loads(raw), "owner": "room"}).encode(),
    ),
)
def test_another_ring_in_the_rooms_place(case, room, service, tmp_path):
    assert main(["keys", "init-participant", "--institution", "808", "--demo"]) == 0
    stolen = (tmp_path / "institutions" / "808" / "keys" / ring_file.NAME).read_bytes()
    (room.keys / ring_file.NAME).write_bytes(case.means(stolen))
    with case.refuses():
        open_room_keys(room)
    case.recorded(events(room))

"""A side whose ring is with a key service: refusals, their exit codes and audit events, and moves that are killed."""

import pytest

from cleanroom.cli.main import main
from cleanroom.crypto.custody import ring_file
from cleanroom.errors import KeyRefused, KeyServiceDenied, KeyServiceFault, NotAllowed
from cleanroom.pipeline.custody import rewrap
from cleanroom.pipeline.keys import init_room_keys, open_room_keys
from cleanroom.pipeline.room import open_room
from cleanroom.receiver.__main__ import main as receive
from cleanroom.settings import RoomSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.kms_google import GoogleKeyService
from tests.factories.killing import KILLED, killed_at
from tests.fakes.key_service import KEY, KeyService, MemoryKeyClient, serve

CUSTODY = f"gcp-kms://{KEY}"


@pytest.fixture
def service():
    return KeyService()


@pytest.fixture
def room(tmp_path, service, monkeypatch):
    """The room's settings, also in the environment, its ring with the service on loopback."""
    with serve(service) as address:
        for name, value in {
            "CLEANROOM_HOME": str(tmp_path), "CLEANROOM_KEY_CUSTODY": CUSTODY, "CLEANROOM_KMS_EMULATOR_HOST": address,
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        settings = RoomSettings.from_environment()
        assert main(["keys", "init-room", "--demo"]) == 0
        yield settings


def events(settings):
    return [(e.verb, e.detail) for e in AuditFile(settings.audit_file).events()]


def test_the_room_opens_with_its_key_service(room, service):
    assert service.asked == ["encrypt", "decrypt", "decrypt"]
    assert open_room_keys(room).owner == "room"


@pytest.mark.parametrize(("mood", "kind"), [("denied", KeyServiceDenied), ("disabled", KeyServiceDenied)])
def test_a_room_that_may_not_use_its_key_does_not_open(room, service, mood, kind):
    service.mood = mood
    with pytest.raises(kind), open_room(room):
        pytest.fail("the room opened without its keys")
    assert not room.warehouse_file.exists()
    assert events(room) == [("keys.refused", {"reason": "key_service_denied", "rule": "key_service"})]


def test_a_key_service_that_fails_is_a_fault(room, service):
    service.mood = "garbled"
    with pytest.raises(KeyServiceFault):
        open_room_keys(room)
    assert events(room) == [("keys.refused", {"reason": "key_service_fault", "rule": "key_service"})]


def test_another_rings_file_in_the_rooms_place_is_refused(room, service, tmp_path):
    assert main(["keys", "init-participant", "--institution", "808", "--demo"]) == 0
    stolen = (tmp_path / "institutions" / "808" / "keys" / ring_file.NAME).read_bytes()
    (room.keys / ring_file.NAME).write_bytes(stolen)
    with pytest.raises(KeyRefused, match="key_ring_owner"):
        open_room_keys(room)
    assert events(room)[-1] == ("keys.refused", {"reason": "key_refused", "rule": "key_ring_owner"})


def test_the_command_moves_a_ring_and_says_what_to_set(room, service, capsys):
    before = ring_file.read(room.keys, production=False, custodian=custodian(service))
    assert main(["keys", "rewrap", "--to", "file"]) == 0
    assert "unset CLEANROOM_KEY_CUSTODY\n" in capsys.readouterr().out
    assert ring_file.read(room.keys, production=False) == before
    assert events(room) == [("keys.rewrapped", {"custodian": "file"})]
    assert main(["keys", "rewrap", "--to", "file"]) == 0
    assert "already" in capsys.readouterr().out


MOODS = [
    ("denied", 34, "key_service_denied"),
    ("disabled", 34, "key_service_denied"),
    ("garbled", 75, "key_service_fault"),
]


@pytest.mark.parametrize(("mood", "exit_code", "reason"), MOODS)
def test_a_refused_move_leaves_the_ring_and_its_exit_code(room, service, capsys, mood, exit_code, reason):
    before = (room.keys / ring_file.NAME).read_bytes()
    service.mood = mood
    assert main(["keys", "rewrap", "--to", CUSTODY]) == exit_code
    assert reason in capsys.readouterr().err
    assert (room.keys / ring_file.NAME).read_bytes() == before
    assert events(room)[-1][1]["reason"] == reason


def test_a_participants_ring_moves_by_its_own_command(room, service, tmp_path, capsys):
    assert main(["keys", "init-participant", "--institution", "808", "--demo"]) == 0
    assert main(["keys", "rewrap", "--institution", "808", "--to", "file"]) == 0
    ring = ring_file.read(tmp_path / "institutions" / "808" / "keys", production=False)
    assert ring["owner"] == "808"
    log = AuditFile(tmp_path / "institutions" / "808" / "audit.jsonl")
    assert [(e.verb, e.actor) for e in log.events()] == [("keys.rewrapped", "808")]


@pytest.mark.parametrize(("mood", "exit_code"), [(mood, code) for mood, code, _ in MOODS])
def test_the_receiver_does_not_start_without_its_keys(room, service, tmp_path, mood, exit_code):
    assert main(["keys", "init-participant", "--institution", "808", "--demo"]) == 0
    service.mood, home = mood, tmp_path / "institutions" / "808"
    arguments = ["--institution", "808", "--home", str(home), "--portal", "http://127.0.0.1:9", "--pull"]
    assert receive(arguments) == exit_code
    assert not (home / "inbox").exists(), "nothing was opened"


def test_in_production_no_ring_goes_into_the_clear(tmp_path):
    with pytest.raises(NotAllowed, match="key_ring_unwrapped"):
        rewrap(RoomSettings(home=tmp_path, environment="production"), to="")


def custodian(service):
    return GoogleKeyService(KEY, MemoryKeyClient(service))


POINTS = [
    ("cleanroom.crypto.custody.ring_file:write_whole", "before"),
    ("os:fsync", "before"),
    ("os:replace", "before"),
    ("os:replace", "after"),
    ("cleanroom.crypto.custody.ring_file:write_whole", "after"),
]


@pytest.mark.parametrize(("point", "when"), POINTS)
def test_a_killed_move_leaves_a_whole_ring_with_one_of_the_two(tmp_path, service, point, when):
    folder, new = tmp_path / "room", custodian(service)
    init_room_keys(folder, demo=True)
    document = ring_file.read(folder, production=False)
    assert killed_at(point, lambda: ring_file.rewrap(folder, old=None, new=new), when=when) == KILLED
    moved = when == "after"
    assert ring_file.read(folder, production=False, custodian=new if moved else None) == document
    assert ring_file.rewrap(folder, old=None, new=new) is not moved
    assert ring_file.read(folder, production=False, custodian=new) == document
    assert [p.name for p in folder.iterdir()] == [ring_file.NAME], "a draft stayed behind"

"""The world fails around the intake: nothing half-done stays, and the same run again lands."""

import os
import resource
import signal

import pytest

from cleanroom import errors
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.stores import audit_file, warehouse_duckdb
from tests.factories.months import in_month
from tests.factories.tampering import Waiting


@pytest.fixture
def waiting(clean_room):
    """Transfers of 808, sealed and uploaded; the warehouse and the log exist."""
    in_month(clean_room.data["808"], 4)
    clean_room.seal("808")
    clean_room.landed()
    return Waiting(clean_room, "808", "transfers")


def in_a_child_that_may_write(work, *, bytes_per_file):
    """What `work` raised in a child whose files may grow no larger: how a full disk looks to every writer in it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails instead of ending the process
            resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_per_file, bytes_per_file))
            work()
            told = "nothing"
        except errors.CleanroomError as e:
            told = f"{type(e).__name__}: {e}"
        except BaseException as e:
            told = f"not of the family: {type(e).__name__}"
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    told = os.read(reading, 10_000).decode()
    os.waitpid(child, 0)
    os.close(reading)
    return told


def nothing_left(room):
    assert set(room.landed().values()) == {0}
    assert room.names("receipts/") == []
    assert [p for p in room.settings.scratch_dir.rglob("*") if p.is_file()] == []


def lands_afterwards(room):
    assert room.take_in("808").detail == {"landed": 1, "unchanged": 0}
    assert room.landed()["landing.transfers"] == 3
    audit_file.verify(room.settings.audit_file)


def test_a_disk_that_is_full_when_parts_are_fetched(waiting):
    room = waiting.room
    told = in_a_child_that_may_write(lambda: room.take_in("808"), bytes_per_file=1024)
    assert told.startswith("StoreFault"), told
    nothing_left(room)
    lands_afterwards(room)


def test_a_disk_that_is_full_when_rows_land(waiting):
    """The parts were fetched; then nothing can be written any more, the warehouse's own files included."""
    room, insert = waiting.room, warehouse_duckdb._insert

    def full(*arguments, **named):
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))
        return insert(*arguments, **named)

    def work():
        warehouse_duckdb._insert = full  # in the child alone
        room.take_in("808")

    told = in_a_child_that_may_write(work, bytes_per_file=10**9)
    assert told.startswith("WarehouseFault"), told
    nothing_left(room)
    lands_afterwards(room)


def test_a_disk_that_is_full_when_the_log_is_written(waiting):
    """The rows have landed and their decision could not be written: it is written by the next run, once."""
    room = waiting.room

    def full(self, event):
        raise errors.StoreFault("the audit log could not be written (OSError)")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(audit_file.AuditFile, "append", full)
        with pytest.raises(errors.StoreFault, match="audit log"):
            room.take_in("808")
    assert room.names("receipts/") == []
    assert room.portal.uploads("808") == []
    lands_afterwards(room)
    assert [e.verb for e in room.room_events()] == ["submission.accepted"]


def test_a_log_whose_disk_is_full_keeps_its_chain(waiting):
    room = waiting.room
    log = audit_file.AuditFile(room.settings.audit_file)
    room.take_in("808")
    [event] = list(log.events())
    size = room.settings.audit_file.stat().st_size
    told = in_a_child_that_may_write(lambda: log.append(event), bytes_per_file=size + 20)
    assert told.startswith("StoreFault"), told
    assert audit_file.AuditFile(room.settings.audit_file).verify().sequence == 1
    log.append(event)
    assert audit_file.AuditFile(room.settings.audit_file).verify().sequence == 2


@pytest.mark.parametrize("kind", [errors.KeyServiceFault, errors.KeyServiceDenied])
def test_a_key_service_that_fails_or_denies_is_held_against_no_submission(waiting, monkeypatch, kind):
    room = waiting.room

    def no(self, ciphertext, *, cap_bytes=None):
        raise kind("the key service did not open the room's key", rule="key_service")

    monkeypatch.setattr(RoomKeyRing, "decrypt", no)
    with pytest.raises(kind):
        room.take_in("808")
    monkeypatch.undo()
    nothing_left(room)
    assert room.portal.uploads("808") == []
    lands_afterwards(room)


def test_a_missing_suite_is_held_against_no_submission(waiting, monkeypatch):
    room = waiting.room

    def missing(station, dataset):
        raise errors.SettingsInvalid("the suite cannot be read")

    monkeypatch.setattr("cleanroom.quality.gate.load_suite", missing)
    with pytest.raises(errors.SettingsInvalid):
        room.take_in("808")
    monkeypatch.undo()
    nothing_left(room)
    lands_afterwards(room)

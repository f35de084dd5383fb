"""The world fails around the intake: nothing half-done stays, and the same run again lands."""

import os
import resource
import signal

import pytest

from cleanroom import errors
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.stores import audit_file, warehouse_duckdb
from tests.factories.attacks import Attack, Side, attack
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


@attack(
    Attack(
        "disk full during decrypt",
        Side.INTAKE,
        "the disk is full while parts are fetched to be opened",
        "擷取與解密分段時磁碟已滿",
        outcome="store_fault; nothing lands; the same run again lands",
        outcome_zh="store_fault；未入庫；重新執行即成功",
    )
)
def test_a_disk_that_is_full_when_parts_are_fetched(case, waiting):
    room = waiting.room
    told = in_a_child_that_may_write(lambda: room.take_in("808"), bytes_per_file=1024)
    assert told.startswith("StoreFault"), told
    nothing_left(room)
    lands_afterwards(room)
    case.held()


@attack(
    Attack(
        "disk full during landing",
        Side.INTAKE,
        "the disk is full when rows are written to the warehouse",
        "入庫時磁碟已滿",
        outcome="warehouse_fault; nothing lands; the same run again lands",
        outcome_zh="warehouse_fault；未入庫；重新執行即成功",
    )
)
def test_a_disk_that_is_full_when_rows_land(case, waiting):
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
    case.held()


@attack(
    Attack(
        "disk full during audit",
        Side.AUDIT,
        "the disk is full when the decision is written to the log",
        "寫入稽核事件時磁碟已滿",
        outcome="store_fault; the next run records the decision, once",
        outcome_zh="store_fault；下次執行補記一次",
    )
)
def test_a_disk_that_is_full_when_the_log_is_written(case, waiting):
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
    case.held()


@attack(
    Attack(
        "half-written audit row",
        Side.AUDIT,
        "the disk is full in the middle of a line of the log",
        "稽核事件寫到一半磁碟已滿",
        outcome="the chain holds; the next event continues it",
        outcome_zh="鏈仍完整，後續事件接續",
    )
)
def test_a_log_whose_disk_is_full_keeps_its_chain(case, waiting):
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
    case.held()


@attack(
    Attack(
        "key service fails in the middle of a take-in",
        Side.KEYS,
        "the key service fails or denies when a submission's key is opened",
        "開啟批次金鑰時金鑰服務失敗或拒絕",
        outcome="nothing lands; the same run again lands",
        outcome_zh="未入庫；重新執行即成功",
    )
)
@pytest.mark.parametrize("kind", [errors.KeyServiceFault, errors.KeyServiceDenied])
def test_a_key_service_that_fails_or_denies_is_held_against_no_submission(case, waiting, monkeypatch, kind):
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
    case.held()


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

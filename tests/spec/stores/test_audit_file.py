"""The audit log: whole, in order, and nothing in it can be changed unseen."""

import json
import multiprocessing
from datetime import UTC, datetime

import pytest

from cleanroom.contracts.messages import AuditEvent
from cleanroom.errors import AuditBroken, StoreFault
from cleanroom.stores.audit_file import GENESIS, AuditFile, verify


def event(subject, verb="submission.accepted", **detail):
    return AuditEvent(
        at=datetime(2025, 4, 1, tzinfo=UTC), actor="room:intake", verb=verb, subject=subject, detail=detail
    )


@pytest.fixture
def log(tmp_path):
    log = AuditFile(tmp_path / "audit.jsonl")
    for number in range(5):
        log.append(event(f"subject-{number}", rows=number))
    return log


def lines(log):
    return log._path.read_bytes().splitlines(keepends=True)


def test_events_come_back_in_order(log):
    assert [e.subject for e in log.events()] == [f"subject-{n}" for n in range(5)]
    assert verify(log._path) == 5


def test_each_line_names_the_one_before(log):
    parsed = [json.loads(line) for line in lines(log)]
    assert [p["prev"] for p in parsed] == [GENESIS, *(p["hash"] for p in parsed[:-1])]
    assert [p["sequence"] for p in parsed] == [1, 2, 3, 4, 5]


def test_an_appended_event_tells_its_place(log):
    place = log.append(event("last"))
    assert (place.sequence, place) == (6, log.verify())


def test_the_latest_event_about_a_subject(log):
    log.append(event("subject-1", "submission.held"))
    log.append(event("subject-2"))
    place, found = log.last("subject-1")
    assert (place.sequence, found.verb) == (6, "submission.held")
    assert log.last("nobody") is None


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("damage", ["change", "remove", "swap", "repeat"])
def test_any_damage_is_found(log, number, damage):
    found = lines(log)
    if damage == "change":
        found[number] = found[number].replace(b'"rows":', b'"rowz":')
    elif damage == "remove":
        del found[number]
    elif damage == "swap":
        other = (number + 1) % 5
        found[number], found[other] = found[other], found[number]
    else:
        found.insert(number, found[number])
    log._path.write_bytes(b"".join(found))
    if damage == "remove" and number == 4:
        assert verify(log._path) == 4  # what witnesses are for: receipts carry sequence and hash
        return
    with pytest.raises(AuditBroken, match="audit_chain"):
        verify(log._path)


def test_the_first_bad_line_is_named(log):
    found = lines(log)
    found[2] = found[2].replace(b"subject-2", b"subject-9")
    log._path.write_bytes(b"".join(found))
    with pytest.raises(AuditBroken) as caught:
        verify(log._path)
    assert caught.value.where.row == 3


def test_a_line_that_a_killed_writer_left_is_cut_off(log):
    whole = log._path.read_bytes()
    log._path.write_bytes(whole + lines(log)[0][:-20])
    assert verify(log._path) == 5
    log.append(event("after"))
    assert verify(log._path) == 6
    assert log._path.read_bytes().startswith(whole)


def test_a_long_log_is_appended_to_by_its_tail(tmp_path, monkeypatch):
    monkeypatch.setattr("cleanroom.stores.audit_file._TAIL_BYTES", 1024)
    log = AuditFile(tmp_path / "audit.jsonl")
    for number in range(30):
        log.append(event(f"s{number}"))
    assert verify(log._path) == 30


def _append_many(path, name):
    for number in range(20):
        AuditFile(path).append(event(f"{name}-{number}"))


def test_processes_take_turns(tmp_path):
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_append_many, args=(path, n)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [w.exitcode for w in writers] == [0, 0, 0]
    assert verify(path) == 60


def test_only_the_owner_reads_it(log):
    assert log._path.stat().st_mode & 0o077 == 0


def test_no_log_is_no_answer(tmp_path):
    with pytest.raises(StoreFault):
        verify(tmp_path / "none")


def test_a_log_that_cannot_be_written_stops_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFault):
        AuditFile(tmp_path / "file" / "audit.jsonl").append(event("x"))

"""The audit log: whole, in order, and nothing in it can be changed unseen."""

import json
import multiprocessing
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contracts.audit_chain import (
    GENESIS,
    START,
    AuditPlace,
    hash_after,
    line_after,
    line_of,
    parse_line,
    walk,
)
from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.contracts.messages import AuditEvent
from cleanroom.errors import AuditBroken, StoreFault
from cleanroom.stores.audit_file import AuditFile, verify


def event(subject, verb="submission.accepted", **detail):
    return AuditEvent(
        at=datetime(2025, 4, 1, tzinfo=UTC), actor="room:intake", verb=verb, subject=subject, detail=detail
    )


def made(count):
    """The lines of a log of so many events."""
    place, made = START, []
    for number in range(count):
        place, raw = line_after(canonical_bytes(event(f"subject-{number}").model_dump(mode="json")), place)
        made.append(raw)
    return made


LOG = made(5)


@pytest.fixture
def log(tmp_path):
    log = AuditFile(tmp_path / "audit.jsonl")
    for number in range(5):
        log.append(event(f"subject-{number}", rows=number))
    return log


def lines(log):
    return log.path.read_bytes().splitlines(keepends=True)


def test_events_come_back_in_order(log):
    assert [e.subject for e in log.events()] == [f"subject-{n}" for n in range(5)]
    assert verify(log.path) == 5


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
    log.path.write_bytes(b"".join(found))
    if damage == "remove" and number == 4:
        assert verify(log.path) == 4  # what witnesses are for: receipts carry sequence and hash
        return
    with pytest.raises(AuditBroken, match="audit_chain"):
        verify(log.path)


def rewritten(raw, old, new):
    """The line with other content and a hash of its own that fits: what a careful forger writes."""
    line = parse_line(raw.replace(old, new))
    before = AuditPlace(line.sequence - 1, line.prev)
    return line_of(line.event, hash=hash_after(line.event, before), prev=line.prev, sequence=line.sequence)


@pytest.mark.parametrize(
    ("damage", "row", "what"),
    [
        (lambda f: f.__setitem__(2, f[2].replace(b"subject-2", b"subject-9")), 3, "event 3 was edited"),
        (lambda f: f.__setitem__(2, f[2].replace(b'"hash":"', b'"hash":"0', 1)), 3, "event 3 is not written as"),
        (lambda f: f.__setitem__(2, f[2].replace(b'{"event":', b'{"event": ')), 3, "event 3 is not written as"),
        (lambda f: f.__setitem__(2, b"\n"), 3, "event 3 is not written as"),
        (lambda f: f.__setitem__(2, rewritten(f[2], b"subject-2", b"subject-9")), 4, "event 3 was rewritten"),
        (lambda f: f.__delitem__(1), 2, "event 2 was deleted, event 3 stands in its place"),
        (lambda f: f.__delitem__(slice(1, 4)), 2, "event 2 was deleted, event 5 stands"),
        (lambda f: f.__delitem__(0), 1, "event 1 was deleted"),
        (lambda f: f.insert(3, f[0]), 4, "event 1 stands here once more, put in where event 4 belongs"),
        (lambda f: f.reverse(), 1, "event 1 stands further down"),
        (lambda f: f.insert(1, f.pop(3)), 2, "event 2 stands further down, the log was put in another order"),
    ],
)  # fmt: skip
def test_the_first_bad_event_is_named_and_what_was_done_to_it(log, damage, row, what):
    found = lines(log)
    damage(found)
    log.path.write_bytes(b"".join(found))
    with pytest.raises(AuditBroken, match=what) as caught:
        verify(log.path)
    assert caught.value.where.row == row


@given(st.binary(min_size=1, max_size=3), st.integers(0, 4), st.floats(0, 1))
def test_no_byte_of_a_line_can_be_another(written, number, share):
    raws = [*LOG]
    at = int(share * (len(raws[number]) - 1 - len(written)))  # its newline stays: without it the line is torn
    raws[number] = raws[number][:at] + written + raws[number][at + len(written) :]
    if raws == LOG:
        return
    with pytest.raises(AuditBroken):
        list(walk(raws, name="log"))


def test_the_lines_from_an_event_on_are_read_from_the_end(log, monkeypatch):
    everything = lines(log)
    for block in (7, 100, 1000, 10**6):
        monkeypatch.setattr("cleanroom.stores.audit_file._TAIL_BYTES", max(block, len(everything[-1]) + 1))
        for sequence in range(1, 8):
            assert log.lines_from(sequence) == everything[sequence - 1 :], (block, sequence)
    log.path.write_bytes(log.path.read_bytes() + b'{"event":{"torn')
    assert log.lines_from(5) == everything[4:]
    assert AuditFile(log.path.with_name("none")).lines_from(1) == []


def test_a_line_that_a_killed_writer_left_is_cut_off(log):
    whole = log.path.read_bytes()
    log.path.write_bytes(whole + lines(log)[0][:-20])
    assert verify(log.path) == 5
    log.append(event("after"))
    assert verify(log.path) == 6
    assert log.path.read_bytes().startswith(whole)


def test_a_long_log_is_appended_to_by_its_tail(tmp_path, monkeypatch):
    monkeypatch.setattr("cleanroom.stores.audit_file._TAIL_BYTES", 1024)
    log = AuditFile(tmp_path / "audit.jsonl")
    for number in range(30):
        log.append(event(f"s{number}"))
    assert verify(log.path) == 30


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
    assert log.path.stat().st_mode & 0o077 == 0


def test_no_log_is_no_answer(tmp_path):
    with pytest.raises(StoreFault):
        verify(tmp_path / "none")


def test_a_log_that_cannot_be_written_stops_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFault):
        AuditFile(tmp_path / "file" / "audit.jsonl").append(event("x"))

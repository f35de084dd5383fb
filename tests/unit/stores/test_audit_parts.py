"""One chain through several files: what was done to any of them shows."""

from datetime import UTC, datetime

import pytest

from cleanroom.contracts.messages import AuditEvent
from cleanroom.errors import AuditBroken
from cleanroom.stores.audit_parts import AuditParts
from tests.factories.killing import KILLED, killed_at

SMALL = 700  # two events of these and a bit


def event(number: int) -> AuditEvent:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return AuditEvent(at=at, actor="desk", verb="lookout.risk", subject="a" * 32, detail={"number": number})


def filled(folder, count: int = 10, *, start: int = 0) -> AuditParts:
    log = AuditParts(folder)
    for number in range(start, start + count):
        log.append_all([event(number)], part_bytes=SMALL)
    return log


def parts(log) -> list:
    found = sorted(log.folder.iterdir())
    assert len(found) >= 3, "with fewer parts this would show nothing"
    return found


def test_an_empty_log_is_whole(tmp_path):
    log = AuditParts(tmp_path / "log")
    assert (log.verify()[1].sequence, log.last_event(), list(log.events())) == (0, None, [])


def test_a_full_part_is_followed_by_one_that_goes_on_from_it(tmp_path):
    log = filled(tmp_path / "log")
    found = parts(log)
    assert found[0].name == "000000000001.jsonl"
    assert all(part.stat().st_size >= SMALL for part in found[:-1])
    assert [e.detail["number"] for e in log.events()] == list(range(10))
    assert log.last_event() == event(9)
    first, head = log.verify()
    assert (first, head.sequence) == (1, 10)


def test_older_parts_may_be_elsewhere_but_none_in_between(tmp_path):
    log = filled(tmp_path / "log")
    found = parts(log)
    whole = log.verify()[1]
    aside = found[0].rename(tmp_path / found[0].name)
    assert log.verify() == (int(found[1].stem), whole)
    assert filled(log.folder, 1, start=10).verify()[1].sequence == 11
    aside.rename(found[0])
    found[1].unlink()
    with pytest.raises(AuditBroken, match="are gone") as caught:
        log.verify()
    assert caught.value.where.file == found[2].name


@pytest.mark.parametrize("place", [0, 1, -1])
def test_an_edited_event_is_found_in_whichever_part(tmp_path, place):
    log = filled(tmp_path / "log")
    part = parts(log)[place]
    part.write_bytes(part.read_bytes().replace(b'"desk"', b'"dusk"', 1))
    with pytest.raises(AuditBroken) as caught:
        log.verify()
    assert (caught.value.where.file, caught.value.where.row) == (part.name, int(part.stem))


def test_a_part_whose_end_was_cut_no_longer_leads_to_the_next(tmp_path):
    log = filled(tmp_path / "log")
    part = parts(log)[0]
    part.write_bytes(b"".join(part.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(AuditBroken, match="are gone"):
        log.verify()


@pytest.mark.parametrize(("point", "when"), [
    ("cleanroom.stores.audit_parts:sync_directory", "before"),
    ("cleanroom.stores.audit_file:_append", "before"),
    ("cleanroom.stores.audit_file:os.fsync", "before"),
])  # fmt: skip
def test_a_writer_killed_over_a_new_part_is_followed_by_one_that_goes_on(tmp_path, point, when):
    log = filled(tmp_path / "log", 3)
    assert (tmp_path / "log" / "000000000001.jsonl").stat().st_size >= SMALL
    assert killed_at(point, lambda: filled(log.folder, 1, start=3), when=when) == KILLED
    written = log.verify()[1].sequence
    filled(log.folder, 8 - written, start=written)
    assert [e.detail["number"] for e in log.events()] == list(range(8))
    assert log.verify()[1].sequence == 8


def test_half_a_line_in_a_new_part_was_never_written(tmp_path):
    log = filled(tmp_path / "log", 3)
    (tmp_path / "log" / "000000000004.jsonl").write_bytes(b'{"event":{"act')
    assert log.last_event() == event(2)
    filled(log.folder, 5, start=3)
    assert [e.detail["number"] for e in log.events()] == list(range(8))
    assert log.verify()[1].sequence == 8

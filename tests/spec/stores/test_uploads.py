"""Uploads that go on where they were cut off: in the local folder and, over a bad line, in Cloud Storage's emulator."""

import json
import os
import signal

import pytest

from cleanroom.errors import StoreFault
from cleanroom.stores import gcs_upload
from cleanroom.stores.gcs_upload import CHUNK_BYTES, session_file
from cleanroom.stores.objects_gcs import GcsObjectStore
from cleanroom.stores.objects_local import LocalObjectStore
from tests.factories.gcs_emulator import BUCKET, client_at, empty_buckets, emulated
from tests.fakes.cutting_proxy import BUSY, CUT_ANSWER, CUT_REQUEST, GONE, PASS, CuttingProxy

NAME = "inbox/808/transfers/00000001/0123456789abcdef/part-00000.parquet.age"
CHUNKS = 3
CONTENT = b"".join(n.to_bytes(4, "big") for n in range((CHUNKS * CHUNK_BYTES - CHUNK_BYTES // 2) // 4))


@pytest.fixture(scope="module")
def emulator():
    with emulated() as (host, port):
        yield host, port


@pytest.fixture
def line(emulator, monkeypatch):
    """The way to the store, on which every PUT of a chunk may meet with an accident; pauses are short here."""
    monkeypatch.setattr(gcs_upload, "FIRST_PAUSE_S", 0.01)
    empty_buckets(f"http://{emulator[0]}:{emulator[1]}")
    with CuttingProxy(*emulator, matters=lambda method, path: method == "PUT") as proxy:
        yield proxy


@pytest.fixture
def part(tmp_path):
    path = tmp_path / "part-00000.parquet.age"
    path.write_bytes(CONTENT)
    return path


def gcs(line):
    return GcsObjectStore.connect(BUCKET, client_at(line.url))


def chunks_sent(line):
    return [length for method, _, _, length in line.seen if method == "PUT" and length]


def killed_while_sending(store_of, part, *, at):
    """Another process sends, and is killed when it says that `at` bytes are there."""
    child = os.fork()
    if child == 0:
        try:
            store_of().put_file(NAME, part, progress=lambda n: n >= at and os.kill(os.getpid(), signal.SIGKILL))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.emulator
def test_progress_is_told_and_ends_at_the_whole(line, part):
    told = []
    info = gcs(line).put_file(NAME, part, progress=told.append)
    assert told[0] == 0
    assert told == sorted(told)
    assert told[-1] == info.size == len(CONTENT)
    assert len(chunks_sent(line)) == CHUNKS


@pytest.mark.emulator
@pytest.mark.parametrize(
    "accidents",
    [
        [CUT_REQUEST],
        [PASS, PASS, CUT_REQUEST],
        [PASS, CUT_ANSWER],
        [PASS, PASS, PASS, CUT_ANSWER],
        [BUSY] * 5,
        [PASS, PASS, BUSY, BUSY, BUSY],
        [CUT_REQUEST, BUSY, CUT_ANSWER, PASS, CUT_REQUEST, BUSY],
    ],
)
def test_a_bad_line_delays_and_changes_nothing(line, part, accidents):
    line.orders.waiting.extend(accidents)
    info = gcs(line).put_file(NAME, part)
    assert line.orders.carried_out == accidents
    assert gcs(line).get_bytes(NAME, cap_bytes=len(CONTENT)) == CONTENT
    assert info.size == len(CONTENT)
    assert not session_file(part).exists()


@pytest.mark.emulator
def test_an_answer_that_was_lost_does_not_send_the_chunk_again(line, part):
    line.orders.waiting.extend([PASS, CUT_ANSWER])  # the first PUT asks how far the store is
    gcs(line).put_file(NAME, part)
    assert len(chunks_sent(line)) == CHUNKS


@pytest.mark.emulator
def test_another_process_goes_on_after_a_kill(line, part):
    killed_while_sending(lambda: gcs(line), part, at=2 * CHUNK_BYTES)
    assert session_file(part).stat().st_mode & 0o077 == 0
    before, told = len(chunks_sent(line)), []
    gcs(line).put_file(NAME, part, progress=told.append)
    assert before == 2
    assert told[0] == 2 * CHUNK_BYTES
    assert len(chunks_sent(line)) - before == 1
    assert gcs(line).get_bytes(NAME, cap_bytes=len(CONTENT)) == CONTENT
    assert not session_file(part).exists()


@pytest.mark.emulator
def test_a_session_that_expired_is_begun_anew(line, part):
    killed_while_sending(lambda: gcs(line), part, at=CHUNK_BYTES)
    line.orders.waiting.append(GONE)
    told = []
    gcs(line).put_file(NAME, part, progress=told.append)
    assert line.orders.carried_out == [GONE]
    assert told[0] == 0
    assert gcs(line).get_bytes(NAME, cap_bytes=len(CONTENT)) == CONTENT


@pytest.mark.emulator
def test_the_session_of_other_content_is_not_used(line, part):
    killed_while_sending(lambda: gcs(line), part, at=2 * CHUNK_BYTES)
    other = CONTENT[::-1]
    part.write_bytes(other)
    told = []
    gcs(line).put_file(NAME, part, progress=told.append)
    assert told[0] == 0
    assert gcs(line).get_bytes(NAME, cap_bytes=len(other)) == other


@pytest.mark.emulator
@pytest.mark.parametrize("note", ["", "[]", "{}", '{"uri": 1}', "\0"])
def test_a_damaged_note_is_as_none(line, part, note):
    session_file(part).write_text(note)
    gcs(line).put_file(NAME, part)
    assert gcs(line).exists(NAME)


@pytest.mark.emulator
def test_bytes_that_change_on_the_way_are_never_an_object(line, part):
    """The session is told the checksum of the whole at its beginning; the store refuses what gives another."""
    killed_while_sending(lambda: gcs(line), part, at=CHUNK_BYTES)
    known = json.loads(session_file(part).read_text())
    whole = CONTENT[:CHUNK_BYTES] + b"\xff" + CONTENT[CHUNK_BYTES + 1 :]
    part.write_bytes(whole)
    store = gcs(line)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cleanroom.stores.checksums.of_file", lambda path: known["crc32c"])
        with pytest.raises(StoreFault):
            store.put_file(NAME, part)
    assert not store.exists(NAME)
    assert not session_file(part).exists()


@pytest.mark.emulator
def test_a_store_that_never_answers_is_a_fault_and_the_way_stays(line, part, monkeypatch):
    monkeypatch.setattr(gcs_upload, "PATIENCE_S", 0.2)
    line.orders.waiting.extend([PASS, PASS] + [BUSY] * 200)
    with pytest.raises(StoreFault, match="goes on"):
        gcs(line).put_file(NAME, part)
    line.orders.waiting.clear()
    told = []
    gcs(line).put_file(NAME, part, progress=told.append)
    assert told[0] == CHUNK_BYTES


@pytest.mark.emulator
def test_small_objects_survive_bursts_of_503(line, emulator):
    with CuttingProxy(*emulator, matters=lambda method, path: True) as proxy:
        proxy.orders.waiting.extend([BUSY, CUT_ANSWER, BUSY])
        gcs(proxy).put_bytes("receipts/a", b"small")
        assert len(proxy.orders.carried_out) == 3
        assert gcs(proxy).get_bytes("receipts/a", cap_bytes=10) == b"small"


def test_a_local_copy_goes_on_after_a_kill(part, tmp_path):
    killed_while_sending(lambda: LocalObjectStore(tmp_path / "objects"), part, at=CHUNK_BYTES)
    [partial] = (tmp_path / "objects" / ".tmp").iterdir()
    assert partial.stat().st_size == CHUNK_BYTES
    node, told = partial.stat().st_ino, []
    store = LocalObjectStore(tmp_path / "objects")
    store.put_file(NAME, part, progress=told.append)
    assert told == [CHUNK_BYTES, 2 * CHUNK_BYTES, len(CONTENT)]
    assert (tmp_path / "objects" / NAME).stat().st_ino == node
    assert store.get_bytes(NAME, cap_bytes=len(CONTENT)) == CONTENT
    assert list((tmp_path / "objects" / ".tmp").iterdir()) == []


@pytest.mark.parametrize("damage", [lambda raw: b"\xff" + raw[1:], lambda raw: raw + b"\xff" * len(CONTENT)])
def test_a_local_copy_that_was_damaged_is_mended(part, tmp_path, damage):
    killed_while_sending(lambda: LocalObjectStore(tmp_path / "objects"), part, at=CHUNK_BYTES)
    [partial] = (tmp_path / "objects" / ".tmp").iterdir()
    partial.write_bytes(damage(partial.read_bytes()))
    store = LocalObjectStore(tmp_path / "objects")
    store.put_file(NAME, part)
    assert store.get_bytes(NAME, cap_bytes=len(CONTENT)) == CONTENT


def test_a_copy_that_nobody_went_on_with_is_forgotten_after_a_week(part, tmp_path):
    killed_while_sending(lambda: LocalObjectStore(tmp_path / "objects"), part, at=CHUNK_BYTES)
    [partial] = (tmp_path / "objects" / ".tmp").iterdir()
    part.write_bytes(b"corrected")
    store = LocalObjectStore(tmp_path / "objects")
    store.put_file(NAME, part)
    assert partial.exists()
    os.utime(partial, (0, 0))
    store.put_file(f"{NAME}2", part)
    assert not partial.exists()


def test_a_kill_between_the_link_and_the_end_leaves_one_object(part, tmp_path):
    from tests.factories.killing import KILLED, killed_at

    store = LocalObjectStore(tmp_path / "objects")
    point = "cleanroom.stores.objects_local:os.link"
    assert killed_at(point, lambda: store.put_file(NAME, part), when="after") == KILLED
    store.put_file(NAME, part)
    assert store.get_bytes(NAME, cap_bytes=len(CONTENT)) == CONTENT
    assert list((tmp_path / "objects" / ".tmp").iterdir()) == []

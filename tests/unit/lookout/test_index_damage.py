"""An index that is not what was written is refused, and says what to do."""

import errno
import json
import os
import random
import shutil

import pytest

from cleanroom.errors import IndexDamaged, NotAllowed, StoreFault
from cleanroom.lookout.index import Index, Writer, catalogue
from tests.factories.index_tables import built, contents, expected, table_of

FILES = ("current.json", "base-1", "delta-2", "tokens-1")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """An index with a delta."""
    folder = built(tmp_path_factory.mktemp("sound"), range(300))
    with Writer.open(folder) as writer:
        writer.append(table_of(range(280, 400)))
    return folder


@pytest.fixture
def copy(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "index")


def test_the_index_is_sound_to_begin_with(copy):
    assert set(FILES) == {path.name for path in copy.iterdir()} - {"writer.lock"}
    assert contents(Index.open(copy, verify="full").graph) == expected(range(400))


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_anywhere_is_found(copy, name):
    path = copy / name
    content = path.read_bytes()
    draw = random.Random(name)
    for place in {0, len(content) - 1, *(draw.randrange(len(content)) for _ in range(60))}:
        changed = bytearray(content)
        changed[place] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(IndexDamaged, match=r"build the index again"):
            Index.open(copy, verify="full")
    path.write_bytes(content)
    assert contents(Index.open(copy, verify="full").graph) == expected(range(400))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_short_file_is_refused_at_once(copy, name, kept):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(IndexDamaged):
        Index.open(copy)
    with pytest.raises(IndexDamaged):
        Writer.open(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_at_once(copy, name):
    (copy / name).unlink()
    with pytest.raises(IndexDamaged, match=r"build"):
        Index.open(copy)


def test_a_longer_base_is_refused_at_once(copy):
    with open(copy / "base-1", "ab") as file:
        file.write(b"\0")
    with pytest.raises(IndexDamaged, match="another length"):
        Index.open(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_index_is_refused_at_once(copy, tmp_path, name):
    other = built(tmp_path / "other", range(1, 301))
    with Writer.open(other) as writer:
        writer.append(table_of(range(280, 401)))
    shutil.copy(other / name, copy / name)
    with pytest.raises(IndexDamaged):
        Index.open(copy)


def test_an_earlier_state_is_refused_once_its_files_are_gone(copy):
    earlier = (copy / "current.json").read_bytes()
    with Writer.open(copy) as writer:
        writer.merge()
    (copy / "current.json").write_bytes(earlier)
    with pytest.raises(IndexDamaged, match="is missing"):
        Index.open(copy)


def test_another_version_is_refused_by_its_number(copy):
    body = json.loads((copy / "current.json").read_bytes())["index"] | {"format": 99}
    (copy / "current.json").write_text(json.dumps({"index": body, "sha256": catalogue._digest(body)}))
    with pytest.raises(IndexDamaged, match=f"format 99, and this version reads format {catalogue.FORMAT}"):
        Index.open(copy)


def test_an_empty_folder_is_no_index(tmp_path):
    for opening in (Index.open, Writer.open):
        with pytest.raises(IndexDamaged, match="no index in this folder"):
            opening(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_there_is_one_writer(copy):
    with Writer.open(copy), pytest.raises(NotAllowed, match="another process writes"):
        Writer.open(copy)
    Writer.open(copy).close()


@pytest.mark.parametrize("work", [lambda writer: writer.append(table_of(range(380, 450))), Writer.merge])
def test_a_full_disk_is_a_fault_and_the_state_stands(copy, monkeypatch, work):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with Writer.open(copy) as writer:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", full)
            with pytest.raises(StoreFault, match="No space left on device; its state is as before"):
                work(writer)
        assert contents(Index.open(copy, verify="full").graph) == expected(range(400))
        writer.append(table_of(range(395, 460)))
        assert writer.merge()
    assert contents(Index.open(copy, verify="full").graph) == expected(range(460))

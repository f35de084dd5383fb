"""What every object store does, asked of the local folder and, over the wire, of Cloud Storage's emulator.

The emulator does not enforce generation match by itself, so a race of writers is asked of the local store alone.
"""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cleanroom.errors import NotAllowed, SettingsInvalid, StoreFault, TooLarge
from cleanroom.stores.objects import open_object_store
from cleanroom.stores.objects_gcs import GcsObjectStore
from cleanroom.stores.objects_local import LocalObjectStore
from tests.factories.gcs_emulator import BUCKET, client_at, empty_buckets, emulated

CAP = 1024 * 1024


@pytest.fixture(scope="module")
def emulator():
    with emulated() as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture(params=["local", pytest.param("gcs", marks=pytest.mark.emulator)])
def store(request, tmp_path, monkeypatch):
    if request.param == "local":
        return open_object_store("", tmp_path / "objects")
    url = request.getfixturevalue("emulator")
    empty_buckets(url)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    return open_object_store(f"gs://{BUCKET}", None)


def file_of(tmp_path, content):
    path = tmp_path / "content"
    path.write_bytes(content)
    return path


def test_what_was_put_comes_back(store, tmp_path):
    content = bytes(range(256)) * 100
    put = store.put_file("inbox/808/a.bin", file_of(tmp_path, content))
    assert (put.name, put.size) == ("inbox/808/a.bin", len(content))
    assert store.get_bytes("inbox/808/a.bin", cap_bytes=CAP) == content
    got = store.download("inbox/808/a.bin", tmp_path / "copy", cap_bytes=CAP)
    assert (tmp_path / "copy").read_bytes() == content
    assert (got.size, got.crc32c) == (put.size, put.crc32c)


def test_the_checksum_is_crc32c(store):
    assert store.put_bytes("check", b"123456789").crc32c == "4waSgw=="  # 0xE3069283, RFC 3720's check value


def test_the_same_content_again_is_no_change(store, tmp_path):
    first = store.put_bytes("a", b"same")
    second = store.put_file("a", file_of(tmp_path, b"same"))
    assert first == second


def test_other_content_never_overwrites(store, tmp_path):
    store.put_bytes("a", b"one")
    with pytest.raises(NotAllowed, match="write_once"):
        store.put_bytes("a", b"two")
    with pytest.raises(NotAllowed, match="write_once"):
        store.put_file("a", file_of(tmp_path, b"three"))
    assert store.get_bytes("a", cap_bytes=CAP) == b"one"


def test_an_empty_object_is_an_object(store):
    store.put_bytes("empty", b"")
    assert store.exists("empty")
    assert store.get_bytes("empty", cap_bytes=CAP) == b""


def test_a_large_object_goes_up_in_chunks(store, tmp_path):
    content = b"0123456789abcdef" * (9 * 1024 * 1024 // 16)
    store.put_file("large", file_of(tmp_path, content))
    store.download("large", tmp_path / "copy", cap_bytes=len(content))
    assert (tmp_path / "copy").read_bytes() == content


def test_caps_are_kept_and_leave_nothing(store, tmp_path):
    store.put_bytes("big", b"x" * 101)
    with pytest.raises(TooLarge):
        store.get_bytes("big", cap_bytes=100)
    with pytest.raises(TooLarge):
        store.download("big", tmp_path / "target", cap_bytes=100)
    assert [p.name for p in tmp_path.iterdir() if "target" in p.name] == []


def test_what_is_not_there_is_a_fault(store, tmp_path):
    assert not store.exists("nothing")
    with pytest.raises(StoreFault):
        store.get_bytes("nothing", cap_bytes=CAP)
    with pytest.raises(StoreFault):
        store.download("nothing", tmp_path / "x", cap_bytes=CAP)
    assert list(store.list("")) == []


def test_lists_are_in_order_of_name_and_by_prefix(store):
    for name in ("inbox/822/a", "inbox/808/b", "inbox/808/a", "inbox/8080", "receipts/808"):
        store.put_bytes(name, name.encode())
    assert [i.name for i in store.list("inbox/808/")] == ["inbox/808/a", "inbox/808/b"]
    assert [i.name for i in store.list("inbox/808")] == ["inbox/808/a", "inbox/808/b", "inbox/8080"]
    assert [i.size for i in store.list("receipts/")] == [len("receipts/808")]
    assert len(list(store.list(""))) == 5


def test_a_key_is_destroyed_for_ever_and_twice_is_once(store):
    name = "keys/808/transfers/00000001/0123456789abcdef.age"
    store.put_bytes(name, b"sealed")
    for _ in range(2):
        store.destroy(name)
    assert not store.exists(name)
    assert list(store.list("keys/")) == []
    with pytest.raises(StoreFault):
        store.get_bytes(name, cap_bytes=CAP)


@pytest.mark.parametrize("name", ["inbox/808/a", "receipts/808/a", "keys", "keysx/a", "log/a"])
def test_nothing_but_a_key_is_ever_destroyed(store, name):
    store.put_bytes(name, b"kept")
    with pytest.raises(NotAllowed, match="destroy"):
        store.destroy(name)
    assert store.get_bytes(name, cap_bytes=CAP) == b"kept"


def test_a_list_covers_keys_and_all_else(store):
    for name in ("inbox/a", "keys/a", "keys/b", "receipts/a"):
        store.put_bytes(name, b"x")
    assert [i.name for i in store.list("")] == ["inbox/a", "keys/a", "keys/b", "receipts/a"]
    assert [i.name for i in store.list("keys/")] == ["keys/a", "keys/b"]
    assert [i.name for i in store.list("ke")] == ["keys/a", "keys/b"]
    assert [i.name for i in store.list("inbox/")] == ["inbox/a"]


@pytest.mark.emulator
def test_keys_lie_in_a_bucket_of_their_own(emulator, monkeypatch):
    empty_buckets(emulator)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    store = open_object_store(f"gs://{BUCKET}", None)
    store.put_bytes("keys/a", b"x")
    store.put_bytes("inbox/a", b"x")
    client = client_at(emulator)
    assert [b.name for b in client.list_blobs(f"{BUCKET}-keys")] == ["keys/a"]
    assert [b.name for b in client.list_blobs(BUCKET)] == ["inbox/a"]


@pytest.mark.emulator
def test_a_bucket_that_remembers_destroys_nothing(emulator, monkeypatch):
    """Google's default is to keep what was deleted for a week: a key that comes back was never destroyed."""
    empty_buckets(emulator)
    bucket = client_at(emulator).bucket(f"{BUCKET}-keys")
    bucket.soft_delete_policy.retention_duration_seconds = 7 * 86_400
    bucket.patch()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    store = open_object_store(f"gs://{BUCKET}", None)
    store.put_bytes("keys/a", b"x")
    with pytest.raises(SettingsInvalid, match="keeps what is deleted"):
        store.destroy("keys/a")
    assert store.exists("keys/a")


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/", ".tmp/x", "a/.b", "a b", "é", "a\nb"]
)
def test_names_never_lead_out_of_the_store(store, name):
    for ask in (
        lambda: store.put_bytes(name, b"x"),
        lambda: store.get_bytes(name, cap_bytes=CAP),
        lambda: store.exists(name),
        lambda: store.destroy(name),
    ):
        with pytest.raises(NotAllowed, match="object_name"):
            ask()


def test_two_writers_of_one_name_cannot_both_win(tmp_path):
    store, start = LocalObjectStore(tmp_path / "objects"), threading.Barrier(8)

    def write(number):
        start.wait()
        try:
            store.put_bytes("contested", str(number).encode() * 1000)
        except NotAllowed:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [n for n in pool.map(write, range(8)) if n is not None]
    assert len(winners) == 1
    assert store.get_bytes("contested", cap_bytes=CAP) == str(winners[0]).encode() * 1000
    assert list((tmp_path / "objects" / ".tmp").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path):
    (tmp_path / "objects").write_text("a file where the folder should be")
    with pytest.raises(StoreFault):
        LocalObjectStore(tmp_path / "objects").put_bytes("a", b"x")


def test_a_server_that_is_gone_is_a_fault(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    from google.cloud import storage

    store = GcsObjectStore.connect(BUCKET, storage.Client())
    monkeypatch.setattr("cleanroom.stores.objects_gcs._RETRY", None)
    with pytest.raises(StoreFault):
        store.exists("a")


@pytest.mark.parametrize(("url", "folder"), [("ftp://x", None), ("", None), ("s3://bucket", None)])
def test_a_store_that_nobody_knows(url, folder):
    with pytest.raises(SettingsInvalid):
        open_object_store(url, folder)

"""The queue of files: nothing half-written is ever read, nothing is delivered twice, many writers lose nothing."""

import threading
from queue import Empty

import pytest
from kombu import Connection

from portal.config import file_broker


@pytest.fixture
def channel(tmp_path):
    file_broker.use()
    folders = {name: tmp_path / name for name in ("messages", "processed", "control")}
    for folder in folders.values():
        folder.mkdir()
    options = {
        "data_folder_in": str(folders["messages"]),
        "data_folder_out": str(folders["messages"]),
        "processed_folder": str(folders["processed"]),
        "control_folder": str(folders["control"]),
    }
    with Connection("filesystem://", transport_options=options) as connection:
        channel = connection.channel()
        assert isinstance(channel, file_broker.Channel)
        yield channel


def drain(channel, queue="celery") -> list:
    found = []
    while True:
        try:
            found.append(channel._get(queue))
        except Empty:
            return found


def test_messages_come_in_order_and_once(channel, tmp_path):
    for number in range(20):
        channel._put("celery", {"number": number})
    channel._put("other", {"number": -1})
    assert [m["number"] for m in drain(channel)] == list(range(20))
    assert drain(channel) == []
    assert [m["number"] for m in drain(channel, "other")] == [-1]
    assert not list((tmp_path / "messages").iterdir()) and not list((tmp_path / "processed").iterdir())


def test_a_file_that_is_still_being_written_is_not_read(channel, tmp_path):
    (tmp_path / "messages" / ".half-written").write_text("")
    with pytest.raises(Empty):
        channel._get("celery")


def test_writers_and_readers_at_once_lose_nothing_and_read_nothing_broken(channel):
    found, failed = [], []
    done = threading.Event()

    def write(writer: int) -> None:
        for number in range(100):
            channel._put("celery", {"who": writer, "number": number})

    def read() -> None:
        while True:
            last_round = done.is_set()
            try:
                found.extend((m["who"], m["number"]) for m in drain(channel))
            except Exception as e:
                failed.append(e)
            if last_round:
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(i,)) for i in range(3)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert failed == []
    assert sorted(found) == [(who, number) for who in range(3) for number in range(100)]


def test_bindings_are_kept_once_and_can_be_taken_back(channel):
    for _ in range(2):
        channel._queue_bind("celery", "celery", "", "celery")
    channel._queue_bind("celery", "two", "", "two")
    assert len(channel.get_table("celery")) == 2
    channel._delete("two", "celery", "two", "")
    assert [entry.queue for entry in channel.get_table("celery")] == ["celery"]


def test_many_bind_at_once(channel):
    threads = [threading.Thread(target=channel._queue_bind, args=("x", f"k{i}", "", f"q{i}")) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entry.queue for entry in channel.get_table("x")} == {f"q{i}" for i in range(20)}

"""The service when its processes die: what dies is started again, nothing is lost or doubled, nobody is left behind."""

import itertools
import os
import signal
import threading

import httpx
import pytest

from cleanroom.errors import IndexDamaged, NotAllowed
from cleanroom.lookout.index import Index, catalogue
from cleanroom.lookout.index.container import Container
from cleanroom.lookout.service import batches
from cleanroom.lookout.service.folders import Folders
from cleanroom.stores.audit_parts import AuditParts
from cleanroom.vocabulary.terms import LookoutRole
from tests.factories.lookout_service import (
    START_SECONDS,
    Served,
    chain_of,
    indexed,
    is_alive,
    listing,
    publish_listings,
    served,
    start,
    table_of,
    token,
    transfer,
    until,
)

pytestmark = pytest.mark.slow


def made(home) -> Folders:
    folders = indexed(home, chain_of(6))
    publish_listings(folders.listings, [listing("A0", minute=0.5, cents=0)])
    return folders


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with served(made(tmp_path_factory.mktemp("lookout") / "home"), workers=2) as service:
        yield service


def ask_on(running: Served, stop: threading.Event, answered: list, lost: list) -> None:
    """As a caller does: again, where the connection broke with the worker."""
    while not stop.is_set():
        try:
            answered.append(running.post("/verdict", {"accounts": [token("A3")]}).json()["verdicts"][0]["layer"])
        except (httpx.HTTPError, KeyError):
            lost.append(1)


def test_a_killed_worker_is_replaced_while_the_others_answer(running):
    before = running.running()
    stop, answered, lost = threading.Event(), [], []
    asking = threading.Thread(target=ask_on, args=(running, stop, answered, lost))
    asking.start()
    os.kill(before["worker-1"], signal.SIGKILL)
    until(lambda: running.running().get("worker-1") not in (None, before["worker-1"]), "another worker runs")
    count = len(answered)
    until(lambda: len(answered) > count + 20, "answers go on")
    stop.set()
    asking.join()
    assert set(answered) == {3}
    assert len(lost) <= 1, "only what the killed worker was answering"
    assert running.running()["worker-2"] == before["worker-2"]


def test_a_killed_keeper_loses_and_doubles_nothing(running):
    handed, rows = [], 0
    with running.client(LookoutRole.FEEDER) as client:
        for number in range(30):
            batch = [transfer(1000 + 10 * number + i, "A5", f"B{number}-{i}", minute=60) for i in range(10)]
            handed.append(client.hand_in(batches.as_stream(table_of(batch)), form="arrow.stream")["receipt"])
            rows += len(batch)
            if number % 10 == 5:
                killed = running.running()["keeper"]
                os.kill(killed, signal.SIGKILL)
                until(lambda old=killed: running.running().get("keeper") not in (None, old), "another keeper runs")
        until(lambda: all(client.receipt(r)["standing"] == "applied" for r in handed), "every batch is applied")
    until(lambda: running.get("/health").json()["transfers"] == 6 + rows, "all are there, once")
    until(lambda: running.post("/verdict", {"accounts": [token("B29-9")]}).status_code == 200, "it is found")
    assert running.post("/verdict", {"accounts": [token("B29-9")]}).json()["verdicts"][0]["layer"] == 6
    assert not os.listdir(running.folders.incoming)
    assert Index.open(running.folders.index, verify="full").graph.transfers == 6 + rows


def test_two_do_not_serve_one_folder(running):
    second = start(running.folders)
    said, _ = second.communicate(timeout=START_SECONDS)
    assert second.returncode == NotAllowed.exit_code
    assert "served already" in said


def test_whoever_serves_is_gone_with_the_supervisor(tmp_path):
    folders = made(tmp_path / "home")
    with served(folders) as killed:
        children = killed.running()
        assert len(children) == 2
        killed.process.kill()
        killed.process.wait()
        until(lambda: not any(is_alive(pid) for pid in children.values()), "keeper and worker have ended")
    with served(folders) as again:  # and a request to stop ends all, with every access chained
        children = again.running()
        for _ in range(5):
            assert again.post("/expand", {"account": token("A0")}).status_code == 200
        assert again.stop() == 0
        assert not any(is_alive(pid) for pid in children.values())
    assert [event.verb for event in AuditParts(folders.access_log).events()] == ["lookout.expand"] * 5
    assert not os.listdir(folders.access)


def damage(folders) -> None:
    base = folders.index / "base-1"
    with base.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))


def test_a_damaged_index_is_refused_with_what_to_do(tmp_path):
    folders = made(tmp_path / "home")
    damage(folders)
    with pytest.raises(IndexDamaged):
        Index.open(folders.index, verify="full")
    process = start(folders)
    said, _ = process.communicate(timeout=START_SECONDS)
    assert process.returncode == IndexDamaged.exit_code
    assert "index_damaged" in said
    assert "build" in said


def damage_that_samples_miss(folders) -> None:
    """A byte between two arrays: a quick opening looks at blocks of arrays alone."""
    state = catalogue.read(folders.index)
    entries = sorted(Container(folders.index, state.base)._entries.values(), key=lambda entry: entry.offset)
    gaps = [
        before.offset + before.bytes
        for before, after in itertools.pairwise(entries)
        if before.offset + before.bytes < after.offset
    ]
    with (folders.index / state.base.file).open("r+b") as file:
        file.seek(gaps[0])
        file.write(b"!")
    Index.open(folders.index)


def test_damage_that_a_start_does_not_see_ends_the_service_soon_after(tmp_path):
    folders = made(tmp_path / "home")
    damage_that_samples_miss(folders)
    process = start(folders)
    said, _ = process.communicate(timeout=START_SECONDS)
    assert process.returncode == IndexDamaged.exit_code
    assert "has bytes that nobody wrote" in said


def test_without_an_index_nothing_is_served(tmp_path):
    folders = Folders(tmp_path / "home")
    folders.make()
    process = start(folders)
    said, _ = process.communicate(timeout=START_SECONDS)
    assert process.returncode == IndexDamaged.exit_code
    assert "there is no index here, and the line has published no transfers" in said
    assert "--room-graph" in said

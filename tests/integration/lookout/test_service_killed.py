"""The service when its processes die: what dies is started again, nothing is lost or doubled, nobody is left behind."""

import os
import signal
import threading

import httpx
import pytest

from cleanroom.errors import IndexDamaged
from cleanroom.lookout.index import Index
from cleanroom.lookout.service import batches
from cleanroom.lookout.service.clients import Role
from cleanroom.lookout.service.folders import Folders
from cleanroom.stores.audit_file import AuditFile
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


@pytest.fixture
def folders(tmp_path):
    made = indexed(tmp_path / "home", chain_of(6))
    publish_listings(made.listings, [listing("A0", minute=0.5, cents=0)])
    return made


def ask_on(running: Served, stop: threading.Event, answered: list, lost: list) -> None:
    """As a caller does: again, where the connection broke with the worker."""
    while not stop.is_set():
        try:
            answered.append(running.post("/verdict", {"accounts": [token("A3")]}).json()["verdicts"][0]["layer"])
        except (httpx.HTTPError, KeyError):
            lost.append(1)


def test_a_killed_worker_is_replaced_while_the_others_answer(folders):
    with served(folders, workers=2) as running:
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


def test_a_killed_keeper_loses_and_doubles_nothing(folders):
    handed, rows = [], 0
    with served(folders) as running:
        with running.client(Role.FEEDER) as client:
            for number in range(30):
                batch = [transfer(1000 + 10 * number + i, "A5", f"B{number}-{i}", minute=60) for i in range(10)]
                handed.append(client.hand_in(batches.as_stream(table_of(batch)), form="arrow.stream")["receipt"])
                rows += len(batch)
                if number % 10 == 5:
                    killed = running.running()["keeper"]
                    os.kill(killed, signal.SIGKILL)
                    until(lambda old=killed: running.running().get("keeper") not in (None, old), "another keeper runs")

            def applied():
                return all(client.receipt(receipt)["standing"] == "applied" for receipt in handed)

            until(applied, "every batch is applied")
        health = running.get("/health").json()
        assert health["transfers"] == 6 + rows
        until(lambda: running.post("/verdict", {"accounts": [token("B29-9")]}).status_code == 200, "it is found")
        verdict = running.post("/verdict", {"accounts": [token("B29-9")]}).json()["verdicts"][0]
        assert verdict["layer"] == 6
        assert not os.listdir(folders.incoming)
    assert Index.open(folders.index, verify="full").graph.transfers == 6 + rows
    log = AuditFile(folders.access_log)
    assert log.verify().sequence >= 1


def test_whoever_serves_is_gone_with_the_supervisor(folders):
    with served(folders, workers=2) as running:
        children = running.running()
        assert len(children) == 3
        running.process.kill()
        running.process.wait()
        until(lambda: not any(is_alive(pid) for pid in children.values()), "keeper and workers have ended")
    with served(folders) as again:
        assert again.post("/verdict", {"accounts": [token("A3")]}).json()["verdicts"][0]["layer"] == 3


def test_a_request_to_stop_ends_all_and_leaves_no_access_unchained(folders):
    with served(folders, workers=2) as running:
        children = running.running()
        for _ in range(5):
            running.post("/expand", {"account": token("A0")})
        assert running.stop() == 0
        assert not any(is_alive(pid) for pid in children.values())
    assert [event.verb for event in AuditFile(folders.access_log).events()] == ["lookout.expand"] * 5
    assert not os.listdir(folders.access)


def test_two_do_not_serve_one_folder(folders):
    with served(folders):
        second = start(folders)
        said, _ = second.communicate(timeout=START_SECONDS)
        assert second.returncode == 28
        assert "served already" in said


def damage(folders) -> None:
    base = folders.index / "base-1"
    with base.open("r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))


def test_a_damaged_index_is_refused_with_what_to_do(folders):
    damage(folders)
    with pytest.raises(IndexDamaged):
        Index.open(folders.index, verify="full")
    process = start(folders)
    said, _ = process.communicate(timeout=START_SECONDS)
    assert process.returncode == IndexDamaged.exit_code
    assert "index_damaged" in said
    assert "build" in said


def test_without_an_index_nothing_is_served(tmp_path):
    folders = Folders(tmp_path / "home")
    folders.make()
    process = start(folders)
    said, _ = process.communicate(timeout=START_SECONDS)
    assert process.returncode == IndexDamaged.exit_code
    assert "there is no index in this folder; build one" in said

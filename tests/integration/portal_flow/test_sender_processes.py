"""The sender as real processes: killed between post and mark, and woken by the queue."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.factories.portal_flow import warning
from tests.factories.webhook_receiver import Receiver

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
PYTHON = [sys.executable]
DELIVER = [*PYTHON, "portal/manage.py", "deliver_due", "--lease-seconds", "0.2"]
WORKER = [*PYTHON, "-m", "celery", "-A", "portal.config.celery", "worker", "--pool", "solo", "-l", "warning"]


@pytest.fixture
def environment(tmp_path):
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("CLEANROOM_", "DJANGO_", "PYTEST"))},
        "CLEANROOM_HOME": str(tmp_path),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}",
    }


def seed(environment, url: str, count: int) -> None:
    subprocess.run(
        [*PYTHON, "-m", "tests.factories.seed_outbox", url, str(count)],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=120,
    )


def states(tmp_path) -> list[tuple[str, int]]:
    with sqlite3.connect(tmp_path / "portal" / "db.sqlite3", timeout=20) as database:
        return database.execute("SELECT delivery, attempts_in_all FROM alerts_warningrecord ORDER BY id").fetchall()


def test_a_sender_killed_between_post_and_mark_delivers_again_under_the_same_number(tmp_path, environment):
    sender: list[subprocess.Popen] = []

    def kill_the_sender(count: int) -> None:
        if count == 1:  # the request has arrived, the sender waits for the answer and has marked nothing
            sender[0].send_signal(signal.SIGKILL)
            sender[0].wait(timeout=10)

    with Receiver(on_request=kill_the_sender) as receiver:
        seed(environment, receiver.url, 1)
        sender.append(subprocess.Popen(DELIVER, cwd=ROOT, env=environment))
        sender[0].wait(timeout=60)
        assert sender[0].returncode == -signal.SIGKILL
        assert states(tmp_path) == [("queued", 0)], "nothing was marked"
        time.sleep(0.2)  # the lease of the dead sender ends
        subprocess.run(DELIVER, cwd=ROOT, env=environment, check=True, timeout=60)
    assert states(tmp_path) == [("delivered", 1)]
    assert [h["webhook-id"] for h in receiver.seen] == [warning(1).warning_id] * 2
    assert list(receiver.rows) == [warning(1).warning_id], "one row at the receiver"


def test_the_queues_worker_wakes_the_sender_and_retries_by_itself(tmp_path, environment):
    def fail_first(count: int) -> None:
        receiver.status = 500 if count <= 3 else 204

    with Receiver(on_request=fail_first) as receiver:
        seed(environment, receiver.url, 3)
        worker = subprocess.Popen(WORKER, cwd=ROOT, env=environment)
        try:
            wait_for(lambda: len(receiver.seen) >= 6 and set(states(tmp_path)) == {("delivered", 2)}, seconds=60)
        finally:
            worker.terminate()
            worker.wait(timeout=30)
    assert len(receiver.rows) == 3


def wait_for(condition, *, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.2)

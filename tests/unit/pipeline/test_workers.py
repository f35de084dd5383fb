"""Work by several processes: the same answers in the same order, errors as they were raised, nobody left behind."""

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from cleanroom.errors import MalformedRows, ServiceFault, Where
from cleanroom.pipeline.workers import ordered, workers_for


def scale(factor):
    return factor


def times(factor, item):
    return factor * item


def slow_first(state, item):
    time.sleep(0.3 if item == 0 else 0)
    return item


def refuse_seven(state, item):
    if item == 7:
        raise MalformedRows("not this one", where=Where(file="f", row=7), rule="seven")
    return item


class Unpicklable(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def fail_oddly(state, item):
    raise Unpicklable(1, 2)


def divide(state, item):
    return 1 // item


def end(state, item):
    os.kill(os.getpid(), signal.SIGKILL)


def never(*arguments):
    raise MalformedRows("cannot start", rule="start")


def core_limit(state, item):
    return resource.getrlimit(resource.RLIMIT_CORE)


def sleep_and_tell(folder, item):
    (Path(folder) / str(os.getpid())).write_text("")
    time.sleep(60)


@pytest.fixture(params=[1, 2, 3])
def workers(request):
    return request.param


def test_answers_in_order(workers):
    assert list(ordered(times, range(50), start=scale, arguments=(3,), workers=workers)) == [3 * n for n in range(50)]


def test_no_items(workers):
    assert list(ordered(times, [], start=scale, arguments=(3,), workers=workers)) == []


def test_a_slow_item_is_waited_for():
    assert list(ordered(slow_first, range(20), start=scale, arguments=(1,), workers=2)) == list(range(20))


def test_what_is_under_way_is_bounded():
    taken = []

    def items():
        for n in range(100):
            taken.append(n)
            yield n

    with closing(ordered(times, items(), start=scale, arguments=(1,), workers=2)) as answers:
        assert next(answers) == 0
        assert len(taken) <= 2 * 2 + 1


def test_a_refusal_keeps_its_kind_and_place(workers):
    with pytest.raises(MalformedRows) as caught:
        list(ordered(refuse_seven, range(20), start=scale, arguments=(1,), workers=workers))
    assert (caught.value.rule, caught.value.where.row) == ("seven", 7)


def test_what_was_done_before_a_refusal_is_given():
    given = []
    with pytest.raises(MalformedRows):
        given.extend(ordered(refuse_seven, range(20), start=scale, arguments=(1,), workers=2))
    assert given == list(range(7))


def test_a_bug_says_where():
    with pytest.raises(ZeroDivisionError) as caught:
        list(ordered(divide, [1, 0], start=scale, arguments=(1,), workers=2))
    assert "in divide" in "".join(caught.value.__notes__)


def test_an_error_that_cannot_travel_is_a_fault():
    with pytest.raises(ServiceFault, match="Unpicklable"):
        list(ordered(fail_oddly, [1], start=scale, arguments=(1,), workers=2))


def test_a_start_that_refuses(workers):
    with pytest.raises(MalformedRows, match="cannot start"):
        list(ordered(times, [1], start=never, workers=workers))


def test_a_worker_that_dies_is_a_fault():
    with pytest.raises(ServiceFault, match="signal 9"):
        list(ordered(end, range(10), start=scale, arguments=(1,), workers=2))


def test_workers_leave_no_memory_image():
    assert set(ordered(core_limit, range(4), start=scale, arguments=(1,), workers=2)) == {(0, 0)}


def test_small_tables_stay_in_this_process():
    assert workers_for(1000) == 1
    assert workers_for(10_000_000) == len(os.sched_getaffinity(0))


OWNER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background hands on that Ctrl-C is ignored
sys.path.insert(0, {root!r})
from cleanroom.pipeline.workers import ordered
from tests.unit.pipeline import test_workers
if __name__ == "__main__":
    list(ordered(test_workers.sleep_and_tell, range(4), start=test_workers.scale, arguments=({folder!r},), workers=2))
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_workers_end_with_their_owner(tmp_path, how):
    folder = tmp_path / "pids"
    folder.mkdir()
    script = tmp_path / "owner.py"
    script.write_text(OWNER.format(root=str(Path(__file__).parents[3]), folder=str(folder)))
    owner = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(list(folder.iterdir())) == 2)
        owner.send_signal(how)
        owner.wait(timeout=20)
    finally:
        owner.kill()
    pids = [int(path.name) for path in folder.iterdir()]
    wait_until(lambda: not any(running(pid) for pid in pids))


def running(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def wait_until(holds):
    deadline = time.monotonic() + 200
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)

"""Work on a long sequence of items by several processes: bounded, in order, and ended with this process.

Items go through pipes, so they hold no secrets: each worker opens its own (`start(*arguments)`, once) and keeps it.
Workers come from a fork server, which has imported the heavy modules once; forking this process instead would copy
its threads' locks. A worker reads its next item while it works on the last one; the thread that reads is also the one
that notices that this process is gone, however it went, and ends the worker: no orphan keeps keys in its memory.
"""

import multiprocessing
import os
import pickle
import queue
import resource
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any, TypeVar

from cleanroom.errors import CleanroomError, ServiceFault
from cleanroom.vocabulary.both import Both

T, R, S = TypeVar("T"), TypeVar("R"), TypeVar("S")

PRELOAD = ("pyarrow.compute", "pyarrow.parquet", "cleanroom.quality.preloaded")
SMALL_ROWS = 300_000  # below this, starting workers costs more than they save
_AHEAD = 2  # items per worker: one in work, one waiting for it
_END = None


def ordered(
    work: Callable[[S, T], R],
    items: Iterable[T],
    *,
    start: Callable[..., S],
    arguments: Sequence[Any] = (),
    workers: int | None = None,
) -> Iterator[R]:
    """Yield `work(state, item)` for every item, in order; `state` is what `start(*arguments)` gave in that process.

    `work` and `start` are functions of modules; items, arguments and results are pickled. At most two items per
    worker are under way, results that were not taken included, so memory does not grow with the number of items.
    `workers` None: one per core; 1: everything happens in this process. Closing the iterator ends the workers at
    once: take it `with contextlib.closing(...)`, because an exception keeps an abandoned one alive.
    Raises what `items`, `start` or `work` raised, of the first such item; ServiceFault for a worker that died.
    """
    count = workers or _cores()
    if count == 1 or multiprocessing.current_process().daemon:  # a daemon may have no children
        state = start(*arguments)
        for item in items:
            yield work(state, item)
        return
    with _pool(count, work, start, tuple(arguments)) as pool:
        yield from _in_order(pool, iter(items))


def workers_for(rows: int) -> int:
    """One process for a small table, one per core for others."""
    return 1 if rows < SMALL_ROWS else _cores()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- in this process ----------------------------------------------------------------------------------------------


class _Worker:
    def __init__(self, context: Any, target: tuple):
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, *target), daemon=True)
        self.process.start()
        theirs.close()
        self.waiting = 0

    def send(self, item: Any) -> None:
        try:
            _send(self.pipe, item)
        except (BrokenPipeError, ConnectionResetError):
            raise self.died() from None
        self.waiting += 1

    def receive(self) -> tuple[int, bool, Any]:
        try:
            answer = _receive(self.pipe)
        except (EOFError, ConnectionResetError):
            raise self.died() from None
        self.waiting -= 1
        return answer

    def died(self) -> ServiceFault:
        self.process.join(timeout=5)
        code = self.process.exitcode
        how = Both(f"exit code {code}", f"結束碼 {code}")
        if code is not None and code < 0:
            how = Both(f"signal {-code}", f"訊號 {-code}")
        return ServiceFault(
            f"a worker process ended before its work was done ({how.en}); nothing half-done is kept. Run it again, "
            "with more memory or fewer workers if that was the reason",
            zh=f"工作程序於完成前結束（{how.zh_hant}）；未保留任何未完成之結果。若因此故，"
            "請增加記憶體或減少工作程序後再執行",
            rule="worker",
        )


@contextmanager
def _pool(count: int, *target: Any) -> Iterator[list[_Worker]]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOAD))
    pool: list[_Worker] = []
    try:
        for _ in range(count):
            pool.append(_Worker(context, target))
        yield pool
    finally:
        for worker in pool:
            worker.process.kill()
        for worker in pool:
            worker.process.join()
            worker.pipe.close()


def _in_order(pool: list[_Worker], items: Iterator[T]) -> Iterator[R]:
    done: dict[int, tuple[bool, Any]] = {}
    sent = given = 0
    more = True
    while more or given < sent:
        while more and sent - given < _AHEAD * len(pool):
            item = next(items, _END_OF_ITEMS)
            if item is _END_OF_ITEMS:
                more = False
                break
            min(pool, key=lambda worker: worker.waiting).send((sent, item))
            sent += 1
            _collect(pool, done, patience=0)
        while given not in done and given < sent:
            _collect(pool, done, patience=None)
        while given in done:
            good, value = done.pop(given)
            given += 1
            if not good:
                raise value
            yield value


_END_OF_ITEMS: Any = object()


def _collect(pool: list[_Worker], done: dict[int, tuple[bool, Any]], *, patience: float | None) -> None:
    """Take what the workers have finished; with `patience` None wait for at least one answer."""
    busy = {worker.pipe: worker for worker in pool if worker.waiting}
    for pipe in connection.wait(list(busy), timeout=patience):
        index, good, value = busy[pipe].receive()
        done[index] = good, value


# --- between them -------------------------------------------------------------------------------------------------


def _send(pipe: connection.Connection, value: Any) -> None:
    """Pickled; the buffers of tables follow as they are (PEP 574), so that they are not copied on the way out."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    pipe.send_bytes(pickle.dumps((body, len(buffers))))
    for buffer in buffers:
        pipe.send_bytes(buffer.raw())


def _receive(pipe: connection.Connection) -> Any:
    """Of our own other end. Raises EOFError where that is gone."""
    body, count = pickle.loads(pipe.recv_bytes())  # noqa: S301
    return pickle.loads(body, buffers=[pipe.recv_bytes() for _ in range(count)])  # noqa: S301


# --- in a worker --------------------------------------------------------------------------------------------------


def _serve(pipe: connection.Connection, work: Callable, start: Callable, arguments: tuple) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the process that started us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a memory image would hold keys and first hashes
    inbox: queue.Queue = queue.Queue()
    threading.Thread(target=_read_ahead, args=(pipe, inbox), daemon=True).start()
    state: list = []
    while True:
        index, item = inbox.get()
        try:
            if not state:
                state.append(start(*arguments))
            answer = index, True, work(state[0], item)
        except Exception as e:
            answer = index, False, _portable(e)
        del item
        _send(pipe, answer)


def _read_ahead(pipe: connection.Connection, inbox: queue.Queue) -> None:
    """The sender bounds what is under way, so the queue needs no bound. An end of the pipe is the end of its owner."""
    try:
        while True:
            inbox.put(_receive(pipe))
    except (EOFError, OSError):
        os._exit(1)


def _portable(error: Exception) -> Exception:
    """One of the family as it is; anything else with the place where it was raised, which a pickle would lose."""
    if isinstance(error, CleanroomError):
        return error
    error.add_note("in a worker process:\n" + "".join(traceback.format_tb(error.__traceback__)))
    try:
        return pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes of a moment ago
    except Exception:
        return ServiceFault(
            f"a worker process failed ({type(error).__name__})",
            zh=f"工作程序失敗（{type(error).__name__}）",
            rule="worker",
        )

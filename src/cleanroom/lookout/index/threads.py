"""Kernels side by side: they release the interpreter's lock, so threads share the cores."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

THREADS = min(2, os.cpu_count() or 1)


def side_by_side(works: Iterable[Callable[[], object]]) -> list:
    """Results in the order of the works. The first exception is raised once all have ended."""
    works = list(works)
    if len(works) < 2:
        return [work() for work in works]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="index") as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]


def shares(length: int, parts: int = THREADS) -> list[tuple[int, int]]:
    """`0..length` in consecutive parts of about the same size; none is empty unless all are."""
    parts = max(1, min(parts, length))
    return [(length * i // parts, length * (i + 1) // parts) for i in range(parts)]

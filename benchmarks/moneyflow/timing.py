"""Seconds of runs, and quantiles of many."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import psutil


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._begin = time.perf_counter()

    def __call__(self) -> float:
        return time.perf_counter() - self._begin


def since_process_began() -> float:
    """Seconds, to about 10 ms: interpreter and imports count."""
    return time.time() - psutil.Process().create_time()


@contextmanager
def timed(seconds: dict[str, list[float]], label: str) -> Iterator[None]:
    clock = Clock()
    yield
    seconds.setdefault(label, []).append(clock())


def latencies(ask: Callable[[int], object], places: Iterable[int], *, within_s: float) -> np.ndarray:
    """Seconds of each call, until the places are through or the time is up."""
    clock, taken = Clock(), []
    for place in places:
        if clock() > within_s:
            break
        one = Clock()
        ask(place)
        taken.append(one())
    return np.array(taken)


def quantiles(seconds: np.ndarray) -> dict[str, float | int]:
    """In milliseconds, with the number of calls that they are of."""
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
    found = {name: round(float(np.quantile(seconds, share)) * 1000, 4) for name, share in shares.items()}
    return {"calls": len(seconds), **found}

"""How a benchmark of one station adds up what each of its stages took."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Spent:
    """CPU seconds by stage, over `rows`."""

    def __init__(self) -> None:
        self.rows, self._seconds = 0, {}

    def on(self, stage: str, work: Callable[[], T]) -> T:
        begun = time.process_time()
        answer = work()
        self._seconds[stage] = self._seconds.get(stage, 0.0) + time.process_time() - begun
        return answer

    def show(self) -> None:
        for stage, seconds in self._seconds.items():
            print(f"  {stage:8}{1e6 * seconds / self.rows:6.2f} us/row")
        print(f"  {'all':8}{1e6 * sum(self._seconds.values()) / self.rows:6.2f} us/row of CPU in one process")

"""Progress on standard error: bars on a terminal, a plain line now and then elsewhere. Counts only, never a value."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from cleanroom.cli.words import told, word
from cleanroom.pipeline.progress import Progress, ProgressHook

EVERY_S = 10.0  # between two plain lines of one step
_MIB = 1024 * 1024


@contextmanager
def shown(
    console: Console, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic
) -> Iterator[ProgressHook]:
    """A hook to hand to a step, as long as the block lasts."""
    if quiet:
        yield lambda _: None
    elif console.is_terminal:
        with _bars(console) as bars:
            yield _on_bars(bars)
    else:
        yield _Lines(console, clock).tell


# --- a terminal ---------------------------------------------------------------------------------------------------


class _Amount(MofNCompleteColumn):
    """Rows as numbers, bytes as sizes."""

    _sizes = DownloadColumn(binary_units=True)

    def render(self, task: Task):
        return self._sizes.render(task) if task.fields["unit"] == "bytes" else super().render(task)


class _Rate(TextColumn):
    def __init__(self) -> None:
        super().__init__("{task.speed}")

    def render(self, task: Task):
        from rich.text import Text

        return Text(_rate(task.speed or 0.0, task.fields["unit"]))


def _bars(console: Console) -> Bars:
    return Bars(
        TextColumn("{task.description}"), BarColumn(), _Amount(), _Rate(), TimeRemainingColumn(), console=console
    )


def _on_bars(bars: Bars) -> ProgressHook:
    tasks: dict[tuple[str, str], TaskID] = {}

    def tell(progress: Progress) -> None:
        key = (progress.step, progress.dataset)
        if key not in tasks:
            tasks[key] = bars.add_task(f"{word(progress.step)} {progress.dataset}", total=None, unit=progress.unit)
        bars.update(tasks[key], completed=progress.done, total=progress.total)

    return tell


# --- no terminal --------------------------------------------------------------------------------------------------


class _Lines:
    def __init__(self, console: Console, clock: Callable[[], float]):
        self._console, self._clock = console, clock
        self._began: dict[tuple[str, str], tuple[float, int]] = {}
        self._last: dict[tuple[str, str], float] = {}

    def tell(self, progress: Progress) -> None:
        """The first word, the last one, and one every EVERY_S between."""
        key, now = (progress.step, progress.dataset), self._clock()
        began, before = self._began.setdefault(key, (now, progress.done))
        whole = progress.total is not None and progress.done >= progress.total
        if not whole and now - self._last.get(key, now if progress.done else -EVERY_S) < EVERY_S:
            self._last.setdefault(key, now)
            return
        self._last[key] = now
        speed = (progress.done - before) / (now - began) if now > began else 0.0
        self._console.print(line_of(progress, speed), markup=False, highlight=False, soft_wrap=True)


def line_of(progress: Progress, speed: float) -> str:
    """`seal transfers: 250,000 of 1,000,000 rows, 83,000 rows/s, 9 s left`. `speed`: units per second, 0 unknown."""
    total = "" if progress.total is None else f" / {_amount(progress.total, progress.unit)}"
    parts = [
        f"{word(progress.step)} {progress.dataset}{told(': ', '：')}{_amount(progress.done, progress.unit)}{total}"
    ]
    if speed > 0:
        parts.append(_rate(speed, progress.unit))
        if progress.total is not None and progress.done < progress.total:
            parts.append(f"{(progress.total - progress.done) / speed:,.0f} s {word('left')}")
    return told(", ", "，").join(parts)


def _amount(count: int, unit: str) -> str:
    return f"{count / _MIB:,.1f} MiB" if unit == "bytes" else f"{count:,} {word('rows')}"


def _rate(speed: float, unit: str) -> str:
    if speed <= 0:
        return ""
    return f"{speed / _MIB:,.1f} MiB/s" if unit == "bytes" else f"{speed:,.0f} {word('rows')}/s"

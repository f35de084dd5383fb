"""What a long work is doing now, on a terminal: each stage with its time, the one at work turning. Silent elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from cleanroom.cli.common import err
from cleanroom.cli.words import chosen
from cleanroom.vocabulary.both import Both

Say = Callable[[Both], None]


@contextmanager
def waiting(english: str | None = None, chinese: str = "", *, quiet: bool = False) -> Iterator[Say]:
    """A hook for the work, which names each stage as it begins; or one stage of that name. On standard error."""
    if quiet or not err.is_terminal:
        yield lambda _: None
        return
    with _shown() as shown:
        stages = _Stages(shown)
        if english is not None:
            stages.begin(Both(english, chinese))
        yield stages.begin
        stages.end()


def _shown() -> Progress:
    text = TextColumn("{task.description}", markup=False)
    return Progress(SpinnerColumn(finished_text="✓"), text, TimeElapsedColumn(), console=err)


class _Stages:
    def __init__(self, shown: Progress):
        self._shown, self._now = shown, None

    def begin(self, text: Both) -> None:
        self.end()
        self._now: TaskID | None = self._shown.add_task(chosen(text), total=None)

    def end(self) -> None:
        if self._now is not None:
            self._shown.update(self._now, total=1, completed=1)

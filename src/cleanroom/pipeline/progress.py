"""How far a long step is: told through a hook, so that a step knows of no terminal and a terminal of no step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cleanroom.vocabulary.terms import Dataset


@dataclass(frozen=True)
class Progress:
    """`done` of `total` units of one step on one dataset are behind us. Holds counts only, never a value of a row.

    `step` is a word of the step's own choice and stable within it ("check", "seal", "send"); the sum starts again from
    zero with a new step or dataset. `total` is None where nobody knows it beforehand (the rows of a query)."""

    step: str
    dataset: Dataset
    done: int
    total: int | None
    unit: Literal["rows", "bytes"]


ProgressHook = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """The hook of a caller who does not look."""

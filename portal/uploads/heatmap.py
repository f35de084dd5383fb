"""Days x datasets as a drawing: every figure of it ready for the template, no script needed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from portal.uploads.models import Submission
from portal.uploads.names import DATASET_NAMES, DAY_NAMES
from portal.uploads.queries import Line, calendar

CELL, GAP, LEFT, TOP = 9, 1, 230, 34
LINE = 18


@dataclass(frozen=True)
class Cell:
    x: int
    state: str
    title: str


@dataclass(frozen=True)
class Row:
    y: int
    label: str
    missing: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Tick:
    x: int
    label: str


@dataclass(frozen=True)
class HeatMap:
    width: int
    height: int
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    first: date
    last: date
    cell: int = CELL

    @property
    def missing(self) -> int:
        return sum(row.missing for row in self.rows)


def draw(submissions: Collection[Submission]) -> HeatMap | None:
    """The drawing; None where nothing covers any day yet."""
    days, lines = calendar(submissions)
    if not days:
        return None
    rows = tuple(_row(line, i) for i, line in enumerate(lines))
    return HeatMap(
        width=LEFT + len(days) * (CELL + GAP) + 4,
        height=TOP + len(lines) * LINE + 4,
        rows=rows,
        ticks=tuple(_ticks(days)),
        first=days[0],
        last=days[-1],
    )


def _row(line: Line, number: int) -> Row:
    name = str(DATASET_NAMES[line.dataset])
    cells = tuple(
        Cell(_x(i), day.state, f"{line.code} {name} {day.day}: {DAY_NAMES[day.state]}")
        for i, day in enumerate(line.days)
    )
    return Row(TOP + number * LINE, f"{line.code} {name}", line.missing, cells)


def _x(number: int) -> int:
    return LEFT + number * (CELL + GAP)


def _ticks(days: list[date]):
    """The first day, then each Monday that leaves room for its label."""
    last_x = -1000
    for i, day in enumerate(days):
        if (i == 0 or day.weekday() == 0) and _x(i) - last_x >= 70:
            last_x = _x(i)
            yield Tick(last_x, day.strftime("%m-%d"))

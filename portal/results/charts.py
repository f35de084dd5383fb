"""Drawings as plain figures for a template: no script, so the content security policy stays strict."""

from collections.abc import Sequence
from dataclasses import dataclass

LEFT, WIDTH, BAR, STEP = 190, 860, 22, 34
RIGHT = 290  # room for the figure behind the bar


@dataclass(frozen=True)
class Bar:
    y: int
    label: str
    length: float
    text: str
    text_x: float
    title: str
    low_x: float | None = None  # whisker of the interval
    high_x: float | None = None


@dataclass(frozen=True)
class BarChart:
    width: int
    height: int
    left: int
    bar: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Item:
    """One bar: its value, its figure as text, and its interval where there is one."""

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None


def bar_chart(items: Sequence[Item]) -> BarChart | None:
    """Horizontal bars from a common zero; None without anything to draw."""
    if not items:
        return None
    most = max([1e-9, *(max(i.value, i.high or 0) for i in items)])
    scale = (WIDTH - LEFT - RIGHT) / most
    return BarChart(WIDTH, len(items) * STEP + 6, LEFT, BAR, tuple(_bar(i, n, scale) for n, i in enumerate(items)))


def _bar(item: Item, number: int, scale: float) -> Bar:
    length = max(0.0, item.value) * scale
    end = max(length, (item.high or 0) * scale)
    return Bar(
        y=number * STEP + 4,
        label=item.label,
        length=round(length, 1),
        text=item.text,
        text_x=round(LEFT + end + 8, 1),
        title=f"{item.label}: {item.text}",
        low_x=None if item.low is None else round(LEFT + item.low * scale, 1),
        high_x=None if item.high is None else round(LEFT + item.high * scale, 1),
    )


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    label: str
    text: str


@dataclass(frozen=True)
class LineChart:
    width: int
    height: int
    base: int
    line: str  # the polyline's points
    points: tuple[Point, ...]
    grid: tuple[tuple[float, str], ...]  # (y, figure)


def line_chart(values: Sequence[tuple[str, float]], *, unit: str) -> LineChart | None:
    """One line over named steps, from zero; None with fewer than two."""
    if len(values) < 2:
        return None
    width, height, left, top, base = 620, 240, 60, 16, 200
    most = max([1e-9, *(value for _label, value in values)])
    step = (width - left - 30) / (len(values) - 1)
    points = tuple(
        Point(round(left + i * step, 1), round(base - value / most * (base - top), 1), label, f"{value:.3g} {unit}")
        for i, (label, value) in enumerate(values)
    )
    grid = tuple((round(base - part * (base - top), 1), f"{most * part:.3g}") for part in (0, 0.25, 0.5, 0.75, 1))
    return LineChart(width, height, base, " ".join(f"{p.x},{p.y}" for p in points), points, grid)

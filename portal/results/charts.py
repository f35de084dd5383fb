"""Drawings as plain figures for a template: no script, so the content security policy stays strict."""

import math
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


# --- curves with bands --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """One line over common moments: its values and the [low, high] of each."""

    label: str
    values: Sequence[float]
    intervals: Sequence[Sequence[float]]


@dataclass(frozen=True)
class DrawnCurve:
    """`number`: from 1 on, told apart by the style sheet. `line`, `band`: points of a polyline and of a polygon."""

    number: int
    label: str
    line: str
    band: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class CurveChart:
    width: int
    height: int
    left: int
    base: int
    zero: float
    curves: tuple[DrawnCurve, ...]
    grid: tuple[tuple[float, str], ...]  # (y, figure)
    ticks: tuple[tuple[float, str], ...]  # (x, hours)


TICKS = (0, 6, 12, 24, 36, 48, 60, 72)


def curve_chart(hours: Sequence[float], curves: Sequence[Curve]) -> CurveChart:
    """Lines with bands over hours in their true distance, and zero always in sight."""
    width, height, left, right, top, base = 420, 240, 62, 12, 14, 204
    ends = [end for curve in curves for pair in curve.intervals for end in pair]
    values = [value for curve in curves for value in curve.values]
    least, most = min([0.0, *ends, *values]), max([1.0, *ends, *values])
    longest = max([1e-9, *hours])

    def x(hour: float) -> float:
        return round(left + hour / longest * (width - left - right), 1)

    def y(value: float) -> float:
        return round(base - (value - least) / (most - least) * (base - top), 1)

    def drawn(number: int, curve: Curve) -> DrawnCurve:
        places = tuple(
            Point(x(h), y(v), f"{curve.label}, {h:g} h", f"{v:,.0f} ({low:,.0f} – {high:,.0f})")
            for h, v, (low, high) in zip(hours, curve.values, curve.intervals, strict=True)
        )
        upper = [f"{x(h)},{y(high)}" for h, (_low, high) in zip(hours, curve.intervals, strict=True)]
        lower = [f"{x(h)},{y(low)}" for h, (low, _high) in zip(hours, curve.intervals, strict=True)]
        line = " ".join(f"{p.x},{p.y}" for p in places)
        return DrawnCurve(number, curve.label, line, " ".join([*upper, *reversed(lower)]), places)

    grid = tuple((y(value), f"{value:,.0f}") for value in round_values(least, most))
    return CurveChart(
        width=width,
        height=height,
        left=left,
        base=base,
        zero=y(0.0),
        curves=tuple(drawn(number, curve) for number, curve in enumerate(curves, 1)),
        grid=grid,
        ticks=tuple((x(hour), f"{hour:g}") for hour in TICKS if hour <= longest),
    )


def round_values(least: float, most: float) -> list[float]:
    """Round numbers between the two, three to seven of them, zero among them where it lies there."""
    step = 10.0 ** math.floor(math.log10(most - least))
    step = next(s for s in (step / 10, step / 5, step / 2, step, step * 2) if (most - least) / s <= 6)
    return [n * step for n in range(math.ceil(least / step), math.floor(most / step) + 1)]

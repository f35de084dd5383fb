"""Drawings as plain figures for a template: no script, so the content security policy stays strict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, BAR, STEP = 440, 14, 44  # narrow, with the words above the bar: they stay readable on a phone
DIGIT = 7  # width of a digit of a label at an axis, rounded up


@dataclass(frozen=True)
class Bar:
    y: int
    label: str
    length: float
    text: str
    title: str


@dataclass(frozen=True)
class BarChart:
    width: int
    height: int
    bar: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Item:
    """One bar: its value, and its figure as text."""

    label: str
    value: float
    text: str


def bar_chart(items: Sequence[Item]) -> BarChart | None:
    """Horizontal bars from a common zero; None without anything to draw."""
    if not items:
        return None
    scale = WIDTH / max([1e-9, *(i.value for i in items)])
    return BarChart(WIDTH, len(items) * STEP, BAR, tuple(_bar(i, n, scale) for n, i in enumerate(items)))


def _bar(item: Item, number: int, scale: float) -> Bar:
    return Bar(
        y=number * STEP + 22,
        label=item.label,
        length=round(max(0.0, item.value) * scale, 1),
        text=item.text,
        title=f"{item.label}: {item.text}",
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
    left: int
    base: int
    line: str  # the polyline's points
    points: tuple[Point, ...]
    grid: tuple[tuple[float, str], ...]  # (y, figure)


def line_chart(values: Sequence[tuple[str, float]], *, unit: str) -> LineChart | None:
    """One line over named steps, from zero; None with fewer than two."""
    if len(values) < 2:
        return None
    width, height, top, base = 420, 240, 16, 200
    most = max([1e-9, *(value for _label, value in values)])
    marks = [(value, f"{value:g}") for value in round_values(0, most)]
    left = _room_for(marks)
    step = (width - left - 30) / (len(values) - 1)
    points = tuple(
        Point(round(left + i * step, 1), round(base - value / most * (base - top), 1), label, f"{value:.3g} {unit}")
        for i, (label, value) in enumerate(values)
    )
    grid = tuple((round(base - value / most * (base - top), 1), figure) for value, figure in marks)
    return LineChart(width, height, left, base, " ".join(f"{p.x},{p.y}" for p in points), points, grid)


# --- curves with bands --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Curve:
    """One line over common moments: its values and the [low, high] of each; None for one, or all, without."""

    label: str
    values: Sequence[float]
    intervals: Sequence[Sequence[float] | None] | None


@dataclass(frozen=True)
class DrawnCurve:
    """`number`: from 1 on, told apart by the style sheet. `line`, `band`: points of a polyline and of a polygon; no
    band is empty."""

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
    width, height, right, top, base = 420, 240, 12, 14, 204
    ends = [end for curve in curves for pair in curve.intervals or () for end in pair or ()]
    values = [value for curve in curves for value in curve.values]
    least, most = min([0.0, *ends, *values]), max([1.0, *ends, *values])
    longest = max([1e-9, *hours])
    marks = [(v, f"{v:,.0f}") for v in round_values(least, most) if v.is_integer()]  # accounts and TWD are whole
    left = _room_for(marks)

    def x(hour: float) -> float:
        return round(left + hour / longest * (width - left - right), 1)

    def y(value: float) -> float:
        return round(base - (value - least) / (most - least) * (base - top), 1)

    def drawn(number: int, curve: Curve) -> DrawnCurve:
        bands = curve.intervals or [None] * len(curve.values)
        places = tuple(
            Point(x(h), y(v), f"{curve.label}, {h:g} h", _with_band(v, band))
            for h, v, band in zip(hours, curve.values, bands, strict=True)
        )
        upper = [f"{x(h)},{y(band[1])}" for h, band in zip(hours, bands, strict=True) if band]
        lower = [f"{x(h)},{y(band[0])}" for h, band in zip(hours, bands, strict=True) if band]
        line = " ".join(f"{p.x},{p.y}" for p in places)
        return DrawnCurve(number, curve.label, line, " ".join([*upper, *reversed(lower)]), places)

    return CurveChart(
        width=width,
        height=height,
        left=left,
        base=base,
        zero=y(0.0),
        curves=tuple(drawn(number, curve) for number, curve in enumerate(curves, 1)),
        grid=tuple((y(value), figure) for value, figure in marks),
        ticks=tuple((x(hour), f"{hour:g}") for hour in TICKS if hour <= longest),
    )


def _with_band(value: float, band: Sequence[float] | None) -> str:
    return f"{value:,.0f} ({band[0]:,.0f} – {band[1]:,.0f})" if band else f"{value:,.0f}"


def _room_for(marks: Sequence[tuple[float, str]]) -> int:
    """Left of the axis, for its longest label."""
    return 14 + DIGIT * max(len(figure) for _value, figure in marks)


def round_values(least: float, most: float) -> list[float]:
    """Round numbers between the two, three to seven of them, zero among them where it lies there."""
    step = 10.0 ** math.floor(math.log10(most - least))
    step = next(s for s in (step / 10, step / 5, step / 2, step, step * 2) if (most - least) / s <= 6)
    return [n * step for n in range(math.ceil(least / step), math.floor(most / step) + 1)]

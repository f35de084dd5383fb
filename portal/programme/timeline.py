"""The timeline's geometry: phases as bars, milestones as marks, one unit of x per pixel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.programme.models import Milestone, Phase

WIDTH, LEFT, ROW, TOP = 1000, 150, 56, 34


@dataclass(frozen=True)
class Bar:
    phase: Phase
    x: float
    y: int
    width: float


@dataclass(frozen=True)
class Mark:
    milestone: Milestone
    x: float
    y: int
    label: str


@dataclass(frozen=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True)
class Timeline:
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    today_x: float | None
    height: int
    width: int = WIDTH


def draw(phases: Sequence[Phase], today: date) -> Timeline | None:
    """None where there is no plan."""
    if not phases:
        return None
    first, last = min(p.starts_on for p in phases), max(p.ends_on for p in phases)
    scale = (WIDTH - LEFT - 20) / max((last - first).days, 1)

    def x(day: date) -> float:
        return round(LEFT + (day - first).days * scale, 1)

    bars = tuple(
        Bar(phase, x(phase.starts_on), TOP + row * ROW, round(x(phase.ends_on) - x(phase.starts_on), 1))
        for row, phase in enumerate(phases)
    )
    return Timeline(
        bars=bars,
        marks=tuple(_mark(m, bar, x) for bar in bars for m in bar.phase.milestones.all()),
        ticks=tuple(Tick(x(day), day.strftime("%Y-%m")) for day in _months(first, last)),
        today_x=x(today) if first <= today <= last else None,
        height=TOP + len(phases) * ROW + 10,
    )


def _mark(milestone: Milestone, bar: Bar, x) -> Mark:
    """Marks of one day stand beside each other, so that none hides another."""
    same_day = [m for m in bar.phase.milestones.all() if m.due_on == milestone.due_on]
    shift = (len(same_day) - 1 - same_day.index(milestone)) * 24
    return Mark(milestone, x(milestone.due_on) - shift, bar.y + 20, f"{bar.phase.position + 1}.{milestone.position}")


def _months(first: date, last: date) -> list[date]:
    day, found = first.replace(day=1), []
    while day <= last:
        found.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return [day for day in found[:: max(1, len(found) // 12)] if day >= first]

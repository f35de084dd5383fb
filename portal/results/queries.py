"""Reads of what the locked room published: the latest of each kind, and the last run's times."""

from dataclasses import dataclass
from datetime import datetime

from portal.results.models import Result, StationRecord


def latest(kind: str) -> Result | None:
    """The publication of this kind that was computed last."""
    return Result.objects.filter(kind=kind).order_by("-computed_at", "-pk").first()


@dataclass(frozen=True)
class StationTime:
    """One station of one run: its steps' seconds and rows added up."""

    station: str
    seconds: float
    rows: int
    steps: tuple[StationRecord, ...]


@dataclass(frozen=True)
class Run:
    run_id: str
    started_at: datetime
    stations: tuple[StationTime, ...]

    @property
    def seconds(self) -> float:
        return sum(station.seconds for station in self.stations)


def last_run() -> Run | None:
    """The run that reported a step last, its stations in the order in which they began."""
    newest = StationRecord.objects.order_by("-started_at", "-pk").first()
    if newest is None:
        return None
    records = list(StationRecord.objects.filter(run_id=newest.run_id).order_by("started_at", "pk"))
    names = list(dict.fromkeys(record.station for record in records))
    stations = tuple(_station(name, [r for r in records if r.station == name]) for name in names)
    return Run(newest.run_id, records[0].started_at, stations)


def _station(name: str, records: list[StationRecord]) -> StationTime:
    return StationTime(name, sum(r.seconds for r in records), sum(r.rows for r in records), tuple(records))

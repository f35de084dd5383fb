"""What every step of the line gives back, and how a step is timed, recorded and shown to the portal."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cleanroom.contracts.messages import StationRun
from cleanroom.errors import PortalFault
from cleanroom.stores.ports import Portal

Detail = dict[str, str | int | float | bool | None]
NOT_REPORTED: Detail = {"portal": "does not answer, so nothing was reported to it; run this again once it does"}


@dataclass(frozen=True)
class StepResult:
    """`rows`: how many rows, accounts or warnings the step worked on. `detail`: what a person wants to know of it."""

    rows: int
    detail: Detail = field(default_factory=dict)


def new_run_id(now: datetime | None = None) -> str:
    return (now or datetime.now(UTC)).strftime("run-%Y%m%dT%H%M%S")


def run_step(
    work: Callable[[], StepResult],
    *,
    run_id: str,
    station: str,
    step: str,
    portal: Portal | None,
    runs_dir: Path,
    needs_portal: bool = True,
) -> StationRun:
    """Do the work, then append its record to `<runs_dir>/<run_id>.jsonl` and report it to the portal.

    `portal` is None at an institution, whose own timings are its own. A step that raises leaves no record: what
    stands in the file was done. Without `needs_portal` a portal that does not answer is said in the detail.
    """
    started_at, clock = datetime.now(UTC), time.perf_counter()
    result = work()
    run = StationRun(
        run_id=run_id,
        station=station,
        step=step,
        started_at=started_at,
        seconds=round(time.perf_counter() - clock, 3),
        rows=result.rows,
        detail=result.detail,
    )
    runs_dir.mkdir(parents=True, exist_ok=True)
    with (runs_dir / f"{run_id}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(run.model_dump(mode="json"), ensure_ascii=False) + "\n")
    if portal is None or reported(lambda: portal.report_station(run), needs_portal=needs_portal):
        return run
    return run.model_copy(update={"detail": run.detail | NOT_REPORTED})


def reported(report: Callable[[], object], *, needs_portal: bool) -> bool:
    """Whether the portal heard it. False where it does not answer just now and the step can do without; what it
    refuses is raised."""
    try:
        report()
    except PortalFault:
        if needs_portal:
            raise
        return False
    return True

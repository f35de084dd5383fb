"""The drill of the kill switch: a stop is ordered, and timed until the gate of scoring and dispatch refuses.

What was measured stands in the room's audit log and nowhere else, so that nobody can write a drill that was not held.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cleanroom.contracts.messages import AuditEvent
from cleanroom.errors import GateClosed, NotAllowed, NothingToDo
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.gate import Decision
from cleanroom.pipeline.auditing import record
from cleanroom.pipeline.gate import Asker, ask, certified_release
from cleanroom.settings import RoomSettings
from cleanroom.stores.audit_file import AuditFile

SUBJECT, VERB = "kill-switch:drill", "gate.drilled"
PATIENCE_S, PAUSE_S = 600.0, 0.2
_STOPPED = "stopped"  # code of the gate's reason (governance.gate)


@dataclass(frozen=True)
class Drill:
    """When the stop was ordered, and when the gate first refused because of it."""

    ordered_at: datetime
    shut_at: datetime

    @property
    def seconds(self) -> float:
        return (self.shut_at - self.ordered_at).total_seconds()


def hold(asker: Asker, *, order: Callable[[], object] | None = None, patience_s: float = PATIENCE_S) -> Drill:
    """Wait for the emergency stop, then for the gate to name it; record what was measured.

    `order` gives the order; without it a person gives it in the portal meanwhile, and the portal's time counts. The
    stop goes on standing until another person lifts it. Raises NotAllowed where one stands already, NothingToDo where
    none came within `patience_s`, GateClosed never, and the faults of asking.
    """
    if asker.portal.sending_stop() is not None:
        raise NotAllowed(
            "an emergency stop stands already; a drill begins without one",
            zh="緊急停止已生效；演練須自未停止狀態開始",
            rule="drill",
        )
    before = datetime.now(UTC)
    if order is not None:
        order()
    shut_at = _wait(asker, before + timedelta(seconds=patience_s))
    stop = asker.portal.sending_stop()
    ordered_at = before if order is not None or stop is None else stop.stopped_at
    return _record(asker, Drill(min(ordered_at, shut_at), shut_at))


def evidence(settings: RoomSettings, *, now: datetime) -> dict[str, Evidence]:
    """The last drill in the room's audit log: how long the stop took, and how long ago it was. {} before the first."""
    found = AuditFile(settings.audit_file).last(SUBJECT, verb=VERB)
    if found is None:
        return {}
    place, event = found
    detail = f"drill at event {place.sequence} of the room's audit log"
    age_days = (now - event.at) / timedelta(days=1)
    return {
        "kill_switch_seconds": Evidence(float(event.detail["seconds"]), measured_at=event.at, cases=1, detail=detail),
        "drill_age_days": Evidence(max(0.0, age_days), measured_at=now, cases=1, detail=detail),
    }


def _wait(asker: Asker, until: datetime) -> datetime:
    while datetime.now(UTC) < until:
        if _names_the_stop(ask(asker)) and _refuses(asker):
            return datetime.now(UTC)
        time.sleep(PAUSE_S)
    raise NothingToDo(
        "no emergency stop came in time, so there was nothing to drill",
        zh="未於時限內收到緊急停止命令，無從演練",
        rule="drill",
    )


def _names_the_stop(decision: Decision) -> bool:
    return any(reason.code == _STOPPED for reason in decision.reasons)


def _refuses(asker: Asker) -> bool:
    """Whether what scoring and dispatch call says no."""
    try:
        certified_release(asker)
    except GateClosed:
        return True
    return False


def _record(asker: Asker, drill: Drill) -> Drill:
    detail = {"seconds": drill.seconds, "ordered_at": drill.ordered_at.isoformat()}
    event = AuditEvent(at=drill.shut_at, actor="room", verb=VERB, subject=SUBJECT, detail=detail)
    record(event, log=AuditFile(asker.settings.audit_file), portal=asker.portal)
    return drill

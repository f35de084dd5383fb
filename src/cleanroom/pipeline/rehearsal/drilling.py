"""The rehearsal's people drill the kill switch before the first model is judged: one stops, another one lifts."""

from datetime import UTC, datetime

from cleanroom.pipeline import drill
from cleanroom.pipeline.gate import Desk
from cleanroom.pipeline.rehearsal.people import People
from cleanroom.settings import RoomSettings

REASON = "Rehearsal of the emergency stop 緊急停止演練"
PATIENCE_S = 60.0


def drill_the_stop(people: People, settings: RoomSettings) -> drill.Drill | None:
    """Hold the drill once in a rehearsal; None where it was held before. The stop is lifted whatever happens."""
    if drill.evidence(settings, now=datetime.now(UTC)):
        return None
    stopper = people.who("coordinator")
    lifter = people.who("output_checker", other_than=stopper.username)
    try:
        return drill.hold(
            Desk.of(settings), order=lambda: people.portal_as(stopper).stop_sending(REASON), patience_s=PATIENCE_S
        )
    finally:
        portal = people.portal_as(lifter)
        if portal.sending_stop():
            portal.lift_stop()

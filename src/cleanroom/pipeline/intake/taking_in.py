"""The step itself: orders of people, then what waits, then the ends of what was replaced or withdrawn."""

from collections import Counter

from cleanroom.pipeline.checkpoints import publish_if_due
from cleanroom.pipeline.epochs import check_epoch
from cleanroom.pipeline.intake import orders as ordered
from cleanroom.pipeline.intake.deciding import decide, look_at
from cleanroom.pipeline.intake.lock import only_one
from cleanroom.pipeline.intake.settling import settle, settle_ends
from cleanroom.pipeline.intake.waiting import look
from cleanroom.pipeline.room import Room
from cleanroom.pipeline.steps import StepResult


def take_in(room: Room, *, participant: str) -> StepResult:
    """Decide on all pending submissions of one participant. `rows` of the result: rows landed now.

    Raises, after everything pending was decided, the first refusal among them (a held one is a refusal too). A Fault
    stops at once; what was decided before it stays decided.
    """
    with only_one(room.settings):
        room.warehouse.ensure_tables()
        check_epoch(room)
        gate, orders = room.portal.gate(participant), room.portal.orders(participant)
        inbox, refusals, decisions = look(room, participant), [], []
        if orders:
            refusals += ordered.withdraw(room, inbox, orders)
            inbox = look(room, participant)
        ended = settle_ends(room, inbox, orders)
        if orders:
            decisions, kept = ordered.release(room, inbox, orders, gate)
            inbox, refusals = look(room, participant), refusals + kept
        for path in inbox.waiting():
            decision = decide(room, look_at(room, path, gate, lost=inbox.lost(path)))
            settle(room, decision)
            publish_if_due(room)
            decisions.append(decision)
        if any(d.manifest and d.manifest.supersedes for d in decisions):
            ended += settle_ends(room, look(room, participant), orders)
    refusals += [d.refusal for d in decisions if d.refusal]
    if refusals:
        raise refusals[0]
    counts = Counter("restored" if d.restored else "landed" for d in decisions)
    counts["ended"] = ended
    rare = {name: counts[name] for name in ("ended", "restored") if counts[name]}
    detail = {"landed": counts["landed"], "unchanged": inbox.answered(), **rare}
    return StepResult(rows=sum(d.rows for d in decisions if not d.restored), detail=detail)

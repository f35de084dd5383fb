"""How dispatch does, per institution: what waits, what arrived how fast, what was answered how fast."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cleanroom.vocabulary.terms import Severity
from portal.alerts.endpoints import live
from portal.alerts.models import WarningRecord
from portal.alerts.states import Delivery
from portal.participants.models import Participant


@dataclass(frozen=True)
class Spread:
    """Median and 95th percentile in seconds, of `cases` durations; None where there are none."""

    p50: float | None
    p95: float | None
    cases: int


@dataclass(frozen=True)
class Standing:
    """One institution's deliveries and answers."""

    code: str
    name: str
    name_zh: str
    endpoint: bool
    sent: int
    delivered: int
    queued: int
    capped: int
    dead: int
    unanswered_critical: int
    to_delivery: Spread
    to_answer: Spread
    to_control: Spread


_READ = (
    "participant_id",
    "delivery",
    "severity",
    "standing",
    "accepted_at",
    "delivered_at",
    "answered_at",
    "settled_at",
)


def standings() -> list[Standing]:
    """One entry per institution that has warnings, by code. Of each warning only what is counted is read."""
    groups: dict[int, list[Any]] = {}
    for row in WarningRecord.objects.order_by().values_list(*_READ, named=True):
        groups.setdefault(row.participant_id, []).append(row)
    with_endpoint = set(live().values_list("participant_id", flat=True))
    people = Participant.objects.in_bulk(groups)
    found = [_standing(people[pk], own, pk in with_endpoint) for pk, own in groups.items()]
    return sorted(found, key=lambda s: s.code)


def _standing(participant: Participant, rows: Sequence[Any], endpoint: bool) -> Standing:
    count = Counter(r.delivery for r in rows)
    return Standing(
        code=participant.code,
        name=participant.name,
        name_zh=participant.name_zh,
        endpoint=endpoint,
        sent=len(rows),
        delivered=count[Delivery.DELIVERED],
        queued=count[Delivery.QUEUED],
        capped=count[Delivery.CAPPED],
        dead=count[Delivery.DEAD],
        unanswered_critical=sum(r.severity == Severity.CRITICAL and not r.standing for r in rows),
        to_delivery=spread(_seconds(rows, "delivered_at")),
        to_answer=spread(_seconds(rows, "answered_at")),
        to_control=spread(_seconds([r for r in rows if r.standing == "controlled"], "settled_at")),
    )


def _seconds(rows: Iterable[Any], field: str) -> list[float]:
    ends: list[tuple[datetime, datetime | None]] = [(r.accepted_at, getattr(r, field)) for r in rows]
    return [(end - begin).total_seconds() for begin, end in ends if end is not None]


def spread(seconds: Sequence[float]) -> Spread:
    """Nearest-rank percentiles: always a duration that was really seen."""
    ordered = sorted(seconds)
    if not ordered:
        return Spread(None, None, 0)
    return Spread(_rank(ordered, 50), _rank(ordered, 95), len(ordered))


def _rank(ordered: Sequence[float], percent: int) -> float:
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]

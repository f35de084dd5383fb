"""From notice to control: how long institutions took, by the warnings that they controlled."""

import math
from collections.abc import Iterable, Sequence

from cleanroom.contracts.messages import WarningStanding
from cleanroom.vocabulary.terms import AnswerKind


def seconds_to_control(warning: WarningStanding) -> float | None:
    """From composing to the first answer `controlled`; None where there is none. Never negative: an institution's
    clock may run behind the room's."""
    controlled = [a.answered_at for a in warning.answers if a.answer is AnswerKind.CONTROLLED]
    return max(0.0, (min(controlled) - warning.composed_at).total_seconds()) if controlled else None


def notice_to_control(warnings: Sequence[WarningStanding]) -> dict[str, dict]:
    """Per institution and for `all`: warnings, answered, controlled, p50 and p95 in seconds (None where nothing was
    controlled). An unanswered warning counts as such; it does not shorten the times."""
    groups: dict[str, list[WarningStanding]] = {"all": list(warnings)}
    for warning in warnings:
        groups.setdefault(warning.participant, []).append(warning)
    return {name: _figures(group) for name, group in sorted(groups.items())}


def _figures(group: Sequence[WarningStanding]) -> dict:
    seconds = sorted(s for s in map(seconds_to_control, group) if s is not None)
    return {
        "warnings": len(group),
        "answered": sum(bool(w.answers) for w in group),
        "controlled": len(seconds),
        "p50_seconds": _percentile(seconds, 0.50),
        "p95_seconds": _percentile(seconds, 0.95),
    }


def _percentile(ordered: Sequence[float], part: float) -> float | None:
    """Nearest rank: a time that really happened, so that few answers are not smoothed into none."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else None


def held_cents(warnings: Iterable[WarningStanding]) -> int:
    """What the institutions say they hold, by the last answer of each warning."""
    return sum(w.answers[-1].held_cents for w in warnings if w.answers)

"""What operation says of a release: how warnings were answered, how fast incidents and wrong controls were dealt with.

Pure functions over the portal's records. All of them are looked at, none is sampled; bounds are given where the figure
stands for how the model does in general.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cleanroom.contracts.governance import IncidentStanding
from cleanroom.contracts.messages import WarningStanding
from cleanroom.governance.evidence import Estimate
from cleanroom.governance.metrics.groups import GroupCounts
from cleanroom.governance.metrics.intervals import share
from cleanroom.vocabulary.terms import AnswerKind

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Handled:
    """What an institution did with one warning, and when; None for what it did not do. `score_alone`: no reported
    account is the warning's cause. `account_kind`: of the account that it is about, empty where nobody told."""

    institution: str
    score_alone: bool
    reviewed_at: datetime | None
    controlled_at: datetime | None
    dismissed_at: datetime | None
    account_kind: str = ""

    @property
    def decided(self) -> bool:
        return self.controlled_at is not None or self.dismissed_at is not None

    @property
    def right(self) -> bool:
        """Controlled, and not found wrong afterwards."""
        return self.controlled_at is not None and self.dismissed_at is None


def handled(standing: WarningStanding, *, score_alone: bool, account_kind: str = "") -> Handled:
    at = {answer.answer: answer.answered_at for answer in standing.answers}
    return Handled(
        standing.participant,
        score_alone,
        at.get(AnswerKind.REVIEWING),
        at.get(AnswerKind.CONTROLLED),
        at.get(AnswerKind.DISMISSED),
        account_kind,
    )


def human_review_rate(warnings: Iterable[Handled]) -> Estimate | None:
    """Share of the controls that a review came before, as the institution answered it, or that rest on reported money
    and not on the score alone. None without a control."""
    controlled = [w for w in warnings if w.controlled_at]
    in_order = [w for w in controlled if not w.score_alone or (w.reviewed_at and w.reviewed_at <= w.controlled_at)]
    return Estimate(len(in_order) / len(controlled), cases=len(controlled)) if controlled else None


def release_time_p95_hours(warnings: Iterable[Handled]) -> Estimate | None:
    """Hours from a control to the answer that undid it. None where no control was undone."""
    undone = [w for w in warnings if w.controlled_at and w.dismissed_at]
    return _p95([(w.dismissed_at - w.controlled_at) / _HOUR for w in undone])


def precision(warnings: Iterable[Handled]) -> Estimate | None:
    """Share of the decided warnings that were right (Wilson). None without a decision."""
    decided = [w for w in warnings if w.decided]
    return share(sum(w.right for w in decided), len(decided))


def wrongful_control_rate(warnings: Iterable[Handled]) -> Estimate | None:
    """Share of the controlled accounts that were released again (Wilson). None without a control."""
    controlled = [w for w in warnings if w.controlled_at]
    return share(sum(w.dismissed_at is not None for w in controlled), len(controlled))


def live_groups(
    warnings: Iterable[Handled], accounts: Mapping[str, int], group: Callable[[Handled], str]
) -> list[GroupCounts]:
    """Counts by group, of `accounts` (group -> scored accounts), where a warning was decided anywhere.

    Right is what was controlled and stayed so; an account that nobody warned about counts as innocent.
    """
    decided = [w for w in warnings if w.decided]
    if not decided:
        return []
    return [_live_group(name, n, [w for w in decided if group(w) == name]) for name, n in sorted(accounts.items())]


def _live_group(name: str, accounts: int, decided: Sequence[Handled]) -> GroupCounts:
    right = sum(w.right for w in decided)
    return GroupCounts(name, accounts, right, len(decided), right)


def acknowledged_p95_minutes(incidents: Iterable[IncidentStanding], now: datetime) -> Estimate | None:
    """Minutes from noticing to acknowledging; who waits still counts until now. Complaints are no incidents."""
    own = [i for i in incidents if i.kind != "complaint"]
    return _p95([((i.acknowledged_at or now) - i.detected_at) / _MINUTE for i in own])


def open_of_grade(incidents: Iterable[IncidentStanding], grade: int) -> Estimate:
    """How many are not closed. Cases: all incidents that the register holds; none at all is a count of zero."""
    own = [i for i in incidents if i.kind != "complaint"]
    return Estimate(float(sum(i.grade == grade and i.closed_at is None for i in own)), cases=len(own))


def most_hours_until_told(incidents: Iterable[IncidentStanding], now: datetime) -> Estimate | None:
    """Of privacy incidents, until the participants were told; who was not told counts until now."""
    hours = [((i.told_at or now) - i.detected_at) / _HOUR for i in incidents if i.kind == "privacy"]
    return Estimate(max(hours), cases=len(hours)) if hours else None


def upheld_rate(incidents: Iterable[IncidentStanding]) -> Estimate | None:
    """Share of the decided complaints that were upheld."""
    decided = [i for i in incidents if i.kind == "complaint" and i.upheld is not None]
    return Estimate(sum(bool(i.upheld) for i in decided) / len(decided), cases=len(decided)) if decided else None


def _p95(values: Sequence[float]) -> Estimate | None:
    """The nearest-rank 95th percentile: a value that was there, never one between two."""
    if not values:
        return None
    return Estimate(float(sorted(values)[math.ceil(0.95 * len(values)) - 1]), cases=len(values))

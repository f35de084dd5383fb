"""Reads of submissions: what a person may see, the next numbers, and which days are covered."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Min, Q, QuerySet

from cleanroom.contracts.messages import UploadReport
from cleanroom.errors import NotFound
from cleanroom.vocabulary.terms import Dataset, UploadState
from portal.accounts.permissions import Permission, within_reach
from portal.common.said import said
from portal.uploads.models import Decision, Submission
from portal.uploads.states import LANDED, REJECTED

if TYPE_CHECKING:
    from portal.accounts.models import User

CALENDAR_DAYS = 120  # the heat map's widest window


def next_sequences(code: str) -> dict[Dataset, int]:
    """Per dataset: 1 + the highest number that ever landed; 1 where none. A held one waits for just that number."""
    rows = Submission.objects.filter(participant__code=code, state__in=LANDED)
    highest = dict(rows.values("dataset").annotate(last=Max("sequence")).values_list("dataset", "last"))
    return {dataset: highest.get(str(dataset), 0) + 1 for dataset in Dataset}


def first_accepted_at(code: str) -> datetime | None:
    """When the institution's first submission was accepted; None before."""
    rows = Decision.objects.filter(submission__participant__code=code, state=UploadState.ACCEPTED)
    return rows.aggregate(first=Min("decided_at"))["first"]


def visible_to(person: "User") -> QuerySet[Submission]:
    """Submissions that this person may read, with the counts that lists show. NotAllowed where none."""
    codes = within_reach(person, Permission.READ_UPLOADS)
    rows = Submission.objects.select_related("participant").annotate(
        rules_broken=Count("rule_outcomes", filter=Q(rule_outcomes__passed=False)),
        rules_run=Count("rule_outcomes"),
    )
    rows = rows.order_by("-decided_at", "-pk")  # said here: grouping for the counts drops the model's own order
    return rows if codes is None else rows.filter(participant__code__in=codes)


def submission_for(person: "User", submission_id: str) -> Submission:
    """NotFound also where another institution's: whether it exists is not the asker's to know."""
    found = visible_to(person).filter(submission_id=submission_id).first()
    if found is None:
        raise NotFound(**said("there is no such submission"))
    return found


def reports_for(person: "User", participant: str | None) -> list[UploadReport]:
    rows = visible_to(person).order_by("decided_at", "pk")
    if participant:
        rows = rows.filter(participant__code=participant)
    return [UploadReport.model_validate(row.report) for row in rows]


@dataclass(frozen=True)
class Day:
    """`state`: accepted, held, rejected or missing."""

    day: date
    state: str


@dataclass(frozen=True)
class Line:
    """One institution's dataset over the window; `missing`: how many of its days nothing covers."""

    code: str
    name: str
    dataset: str
    days: tuple[Day, ...]

    @property
    def missing(self) -> int:
        return sum(day.state == "missing" for day in self.days)


def calendar(submissions: Collection[Submission]) -> tuple[list[date], list[Line]]:
    """Days x datasets: from the first day that any submission covers to the last, at most CALENDAR_DAYS back.

    A dataset that an institution never sent has no line: which datasets it owes stands in the agreement.
    """
    dated = [s for s in submissions if s.period_first and s.period_last]
    if not dated:
        return [], []
    last = max(s.period_last for s in dated)
    first = max(min(s.period_first for s in dated), last - timedelta(days=CALENDAR_DAYS - 1))
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    keys = sorted({(s.participant.code, str(s.participant), s.dataset) for s in dated})
    return days, [_line(key, days, dated) for key in keys]


def _line(key: tuple[str, str, str], days: list[date], dated: Collection[Submission]) -> Line:
    code, name, dataset = key
    own = [s for s in dated if s.participant.code == code and s.dataset == dataset]
    return Line(code, name, dataset, tuple(Day(day, _state(day, own)) for day in days))


def _state(day: date, own: list[Submission]) -> str:
    """The best that is known of the day: data that is there counts for more than a rejected attempt. What was
    withdrawn is missing; what was superseded is covered by its successor."""
    states = {s.state for s in own if s.period_first <= day <= s.period_last}
    if UploadState.ACCEPTED in states:
        return "accepted"
    if UploadState.HELD in states:
        return "held"
    return "rejected" if states & set(REJECTED) else "missing"


def rejected_of(participant, *, since) -> list[Submission]:
    """Rejected submissions that no later accepted one of the same dataset has made good."""
    rejected = Submission.objects.filter(participant=participant, state__in=REJECTED, decided_at__gte=since)
    good = dict(
        Submission.objects.filter(participant=participant, state=UploadState.ACCEPTED)
        .values("dataset")
        .annotate(last=Max("decided_at"))
        .values_list("dataset", "last")
    )
    return [row for row in rejected if row.dataset not in good or good[row.dataset] < row.decided_at]


@dataclass(frozen=True)
class Accepted:
    """How many submissions were accepted, and when the last one was."""

    count: int
    last: datetime | None


def accepted_for(person: "User") -> Accepted:
    codes = within_reach(person, Permission.READ_UPLOADS)
    rows = Submission.objects.filter(state=UploadState.ACCEPTED)
    rows = rows if codes is None else rows.filter(participant__code__in=codes)
    found = rows.aggregate(n=Count("pk"), last=Max("decided_at"))
    return Accepted(found["n"], found["last"])

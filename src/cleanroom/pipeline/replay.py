"""`cleanroom replay`: a past period run again as if notices had been sent, by a policy that knows only its day.

At each cut-off the accounts that nobody had watch-listed are ranked, by the rules or by a model that learns from what
was listed then. Not by the released model itself: it has learnt from the very listings that this would ask it about.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from cleanroom.errors import NothingToDo
from cleanroom.evaluation.ledger import microseconds
from cleanroom.evaluation.notices import Run, judge_notices
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.pipeline import moneyflow, scoring
from cleanroom.pipeline.blocked import LEDGER, Bench, Say
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.evaluation import read_case
from cleanroom.pipeline.history import HORIZON, read_history
from cleanroom.scoring.methods import Method, rank
from cleanroom.scoring.snapshot import Snapshot
from cleanroom.stores.ports import Warehouse

_TAIPEI = ZoneInfo("Asia/Taipei")
_FEATURES = (*moneyflow.SELECTION, "intermediate.graph", *scoring.SELECTION)
_LAST_DAY = "select max(period_to) as day from landing.submissions where state = 'accepted'"
MOST_CUT_OFFS = 92


@dataclass(frozen=True)
class Period:
    """Cut-offs from the first day on, before the end of the last, in Asia/Taipei; None is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, as_of: datetime) -> bool:
        """A cut-off at midnight ends the day before it: what it knows is that day and earlier."""
        day = (as_of - timedelta(microseconds=1)).astimezone(_TAIPEI).date()
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def build_features(bench: Bench, period: Period, *, every_days: int, say: Say) -> None:
    """Features at cut-offs so many days apart, back to the period's first day. Raises NothingToDo for too many."""
    day = bench.warehouse.query(_LAST_DAY)["day"][0].as_py()
    if day is None:
        raise NothingToDo("nothing has landed, so there is no period to replay")
    count = 8 if period.first is None else max(1, math.ceil(((day - period.first).days + 1) / every_days)) + 1
    if count > MOST_CUT_OFFS:
        raise NothingToDo(
            f"that is {count} cut-offs; choose a later first day or longer steps (at most {MOST_CUT_OFFS})"
        )
    say(f"features at {count} cut-offs …")
    variables = {"as_of_step_days": every_days, "as_of_count": count, "scoring_horizon_days": HORIZON.days}
    run_dbt(bench, "run", _FEATURES, variables)


def replay(bench: Bench, period: Period, *, policy: Method, capacity: int, say: Say) -> dict[str, Any]:
    """What `judge_notices` says of the period, with the policy. The features stand in the warehouse already.

    Raises NothingToDo where they do not, or where no cut-off lies in the period.
    """
    if not bench.warehouse.table_exists("scoring.account_features"):
        raise NothingToDo("there are no features yet; train first: `cleanroom train`")
    history = [s for s in read_history(bench) if period.holds(s.as_of)]
    if not history:
        raise NothingToDo("no cut-off lies in this period; the features say how far back they go")
    say(f"{policy} at {len(history)} cut-offs …")
    ranked = [_run(snapshot, policy, capacity) for snapshot in history]
    run_dbt(bench, "run", LEDGER)
    rules = EvaluationRules(notice_delay_hours=bench.settings.notice_delay_hours)
    case = read_case(bench.warehouse, rules)
    say("what the notices would have stopped …")
    found = judge_notices(case, [run for run, _ in ranked], listed_us=listings_of(bench.warehouse), rules=rules,
                          truth=bench.truth)  # fmt: skip
    return {"policy": str(policy), "capacity": capacity, "by_rules": sum(not learned for _, learned in ranked), **found}


def _run(snapshot: Snapshot, policy: Method, capacity: int) -> tuple[Run, bool]:
    """The first places among those not listed then, and whether there was enough to learn from."""
    ranking = rank(policy, snapshot)
    order = snapshot.unlisted[np.argsort(-ranking.scores[snapshot.unlisted], kind="stable")[:capacity]]
    tokens, institutions = snapshot.texts("account_token"), snapshot.texts("institution")
    as_of_us = round(snapshot.as_of.timestamp() * 1_000_000)
    return Run(as_of_us, {tokens[i]: institutions[i] for i in order}), ranking.learned


def listings_of(warehouse: Warehouse) -> Mapping[str, int]:
    """Account token -> its first watch-listing, UTC microseconds."""
    rows = warehouse.query("select account_token, listed_at from evaluation.reported_losses")
    tokens: Sequence[str] = rows["account_token"].to_pylist()
    return dict(zip(tokens, microseconds(rows["listed_at"]).tolist(), strict=True))

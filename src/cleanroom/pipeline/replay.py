"""`cleanroom replay`: a past period run again as if notices had been sent, by a policy that knows only its day.

At each cut-off the accounts that nobody had watch-listed are ranked: by the rules, by a model that learns from what was
listed then, or by the released model, and by this only after it was trained: before, it would be asked about listings
that it has learnt from.
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
from cleanroom.pipeline.room_evidence import SCORE_RUNS
from cleanroom.scoring.artefact import load
from cleanroom.scoring.features import matrix
from cleanroom.scoring.methods import Method, Ranking, rank
from cleanroom.scoring.snapshot import Snapshot
from cleanroom.stores.ports import Warehouse

_TAIPEI = ZoneInfo("Asia/Taipei")
_FEATURES = (*moneyflow.SELECTION, "intermediate.graph", *scoring.SELECTION)
_LAST_DAY = "select max(period_to) as day from landing.submissions where state = 'accepted'"
_LAST_RELEASED = f"select artefact from {SCORE_RUNS} where mode = 'released' order by scored_at desc limit 1"
MOST_CUT_OFFS = 92
RELEASED = "released"


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


def replay(bench: Bench, period: Period, *, policy: str, capacity: int, say: Say) -> dict[str, Any]:
    """What `judge_notices` says of the period, with one of POLICIES. The features stand in the warehouse already.

    Raises NothingToDo where they do not, where no cut-off lies in the period, or none after the release was trained.
    """
    if not bench.warehouse.table_exists("scoring.account_features"):
        raise NothingToDo("there are no features yet; train first: `cleanroom train`")
    history = [s for s in read_history(bench) if period.holds(s.as_of)]
    if not history:
        raise NothingToDo("no cut-off lies in this period; the features say how far back they go")
    ranked = _released(bench, history) if policy == RELEASED else [(s, rank(Method(policy), s)) for s in history]
    say(f"{policy} at {len(ranked)} cut-offs …")
    runs = [_run(snapshot, ranking, capacity) for snapshot, ranking in ranked]
    run_dbt(bench, "run", LEDGER)
    rules = EvaluationRules(notice_delay_hours=bench.settings.notice_delay_hours)
    case = read_case(bench.warehouse, rules)
    say("what the notices would have stopped …")
    found = judge_notices(case, runs, listed_us=listings_of(bench.warehouse), rules=rules, truth=bench.truth)
    by_rules = 0 if policy == Method.RULES else sum(not ranking.learned for _, ranking in ranked)
    return {"policy": policy, "capacity": capacity, "by_rules": by_rules, **found}


def _released(bench: Bench, history: Sequence[Snapshot]) -> list[tuple[Snapshot, Ranking]]:
    """The model that scored here last under a certificate, at the cut-offs after it was trained: of what came before
    it has seen the outcome."""
    known = bench.warehouse.table_exists(SCORE_RUNS) and bench.warehouse.query(_LAST_RELEASED)["artefact"].to_pylist()
    if not known:
        raise NothingToDo("no released model has scored in this room yet; choose another policy")
    path = bench.settings.artefacts_dir / f"{known[0]}.json"
    if not path.exists():
        raise NothingToDo("the released model's artefact is not in this room's folder; score once more, then replay")
    artefact = load(path.read_bytes(), digest=known[0])
    trained_at, trees = datetime.fromisoformat(artefact.training["as_of"]), artefact.model()
    after = [s for s in history if s.as_of > trained_at]
    if not after:
        raise NothingToDo(f"no cut-off of this period lies after the release was trained, at {trained_at:%Y-%m-%d}")
    return [(s, Ranking(trees.margins(matrix(s.rows, list(artefact.features))), learned=True)) for s in after]


def _run(snapshot: Snapshot, ranking: Ranking, capacity: int) -> Run:
    """The first places among those not listed then."""
    order = snapshot.unlisted[np.argsort(-ranking.scores[snapshot.unlisted], kind="stable")[:capacity]]
    tokens, institutions = snapshot.texts("account_token"), snapshot.texts("institution")
    as_of_us = round(snapshot.as_of.timestamp() * 1_000_000)
    return Run(as_of_us, {tokens[i]: institutions[i] for i in order})


def listings_of(warehouse: Warehouse) -> Mapping[str, int]:
    """Account token -> its first watch-listing, UTC microseconds."""
    rows = warehouse.query("select account_token, listed_at from evaluation.reported_losses")
    tokens: Sequence[str] = rows["account_token"].to_pylist()
    return dict(zip(tokens, microseconds(rows["listed_at"]).tolist(), strict=True))

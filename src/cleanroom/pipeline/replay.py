"""`cleanroom replay`: a past period run again as if notices had been sent, by a policy that knows only its day.

At each cut-off the accounts that nobody had watch-listed are ranked: by the rules, by a model that learns from what was
listed then, or by the released model, and by this only after it was trained: before, it would be asked about listings
that it has learnt from. The first of them are suspected; a notice is due for those of whom none was sent. Where only so
many go out at a time, the first are those where most can still be stopped, as in dispatch (docs/adr/0124).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from cleanroom.dispatch.rules import at_stake
from cleanroom.errors import NothingToDo
from cleanroom.evaluation.ledger import microseconds
from cleanroom.evaluation.notices import Run, judge_notices
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.pipeline import features, moneyflow
from cleanroom.pipeline.blocked import Bench, Say, joined_case, room_bench
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.history import HORIZON, read_history
from cleanroom.pipeline.room_evidence import SCORE_RUNS
from cleanroom.scoring.artefact import Artefact, load
from cleanroom.scoring.features import column_of, matrix
from cleanroom.scoring.methods import Method, Ranking, rank
from cleanroom.scoring.snapshot import Snapshot
from cleanroom.stores.ports import Warehouse
from cleanroom.vocabulary.both import Both

_TAIPEI = ZoneInfo("Asia/Taipei")
_PARTS = {
    Both("money flow", "金流"): moneyflow.SELECTION,
    Both("graph", "圖"): ("intermediate.graph",),
    Both("features", "特徵"): features.SELECTION,
}
_LEDGER = ("followed_transfers", "reported_losses")  # what they are made of stands beside the features
_LAST_DAY = "select max(period_to) as day from landing.submissions where state = 'accepted'"
_LAST_RELEASED = f"select artefact from {SCORE_RUNS} where mode = 'released' order by scored_at desc limit 1"
MOST_CUT_OFFS = 92
RELEASED = "released"
_SAY_EVERY = 5
Ranked = tuple[Snapshot, Ranking]


@dataclass(frozen=True)
class Period:
    """Cut-offs from the first day on, before the end of the last, in Asia/Taipei; None is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, as_of: datetime) -> bool:
        """A cut-off at midnight ends the day before it: what it knows is that day and earlier."""
        day = (as_of - timedelta(microseconds=1)).astimezone(_TAIPEI).date()
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Capacity:
    """At each cut-off: the first `suspects` by score; at most so many `notices`, None for no bound."""

    suspects: int
    notices: int | None = None


def build_features(bench: Bench, period: Period, *, every_days: int, say: Say) -> None:
    """Features at cut-offs so many days apart, back to the period's first day. Raises NothingToDo for too many."""
    day = bench.warehouse.query(_LAST_DAY)["day"][0].as_py()
    if day is None:
        raise NothingToDo(
            "nothing has landed, so there is no period to replay",
            zh="尚無匯入資料，無期間可重演",
        )
    count = 8 if period.first is None else max(1, math.ceil(((day - period.first).days + 1) / every_days)) + 1
    if count > MOST_CUT_OFFS:
        raise NothingToDo(
            f"that is {count} cut-offs; choose a later first day or longer steps (at most {MOST_CUT_OFFS})",
            zh=f"共 {count} 個截止時點；請改用較晚之首日或較長之間隔（至多 {MOST_CUT_OFFS} 個）",
        )
    variables = {"as_of_step_days": every_days, "as_of_count": count, "scoring_horizon_days": HORIZON.days}
    for what, selection in _PARTS.items():
        say(Both(f"{what.en} at {count} cut-offs", f"計算 {count} 個截止時點之{what.zh_hant}"))
        run_dbt(bench, "run", selection, variables)


def replay(bench: Bench, period: Period, *, policy: str, capacity: Capacity, say: Say) -> dict[str, Any]:
    """What `judge_notices` says of the period, with one of POLICIES. The features stand in the warehouse already.

    Raises NothingToDo where they do not, where no cut-off lies in the period, or none after the release was trained,
    and where no transfer was found.
    """
    if not bench.warehouse.table_exists("scoring.account_features"):
        raise NothingToDo(
            "there are no features yet; train first: `cleanroom train`",
            zh="尚無特徵；請先執行 cleanroom train",
        )
    history = [s for s in read_history(bench) if period.holds(s.as_of)]
    if not history:
        raise NothingToDo(
            "no cut-off lies in this period; the features say how far back they go",
            zh="此期間內無截止時點；特徵僅及於其所載日期",
        )
    rules = EvaluationRules(notice_delay_hours=bench.settings.notice_delay_hours)
    case = joined_case(bench, _LEDGER, rules, say=say)
    ranked = _released(bench, history) if policy == RELEASED else _ranked(Method(policy), history, say)
    runs = runs_of(ranked, capacity)
    say(Both("what the notices would have stopped", "計算通報可攔阻若干"))
    found = judge_notices(case, runs, listed_us=listings_of(bench.warehouse), rules=rules, truth=bench.truth)
    by_rules = 0 if policy == Method.RULES else sum(not ranking.learned for _, ranking in ranked)
    return {"policy": policy, "capacity": capacity.suspects, "at_a_time": capacity.notices, "by_rules": by_rules,
            **found}  # fmt: skip


def _ranked(method: Method, history: Sequence[Snapshot], say: Say) -> list[Ranked]:
    ranked = []
    for number, snapshot in enumerate(history, 1):
        if number % _SAY_EVERY == 1:
            say(Both(f"{method}: cut-off {number} of {len(history)}",
                     f"{method}：第 {number} 個截止時點，共 {len(history)} 個"))  # fmt: skip
        ranked.append((snapshot, rank(method, snapshot)))
    return ranked


def _released(bench: Bench, history: Sequence[Snapshot]) -> list[tuple[Snapshot, Ranking]]:
    """The model that scored here last under a certificate, at the cut-offs after it was trained: of what came before
    it has seen the outcome."""
    artefact = _released_artefact(bench)
    trained_at, trees = datetime.fromisoformat(artefact.training["as_of"]), artefact.model()
    after = [s for s in history if s.as_of > trained_at]
    if not after:
        day = trained_at.astimezone(_TAIPEI).date()
        raise NothingToDo(
            f"no cut-off of this period lies after the release was trained, on {day}",
            zh=f"此期間無任何截止時點晚於發布模型之訓練（{day}）",
        )
    names, log_odds = list(artefact.features), artefact.calibration.log_odds
    return [(s, Ranking(log_odds(trees.margins(matrix(s.rows, names))), learned=True)) for s in after]


def _released_artefact(bench: Bench) -> Artefact:
    """Of a folder's data: the released model of the room in CLEANROOM_HOME."""
    if bench.room.home != bench.settings.home:
        with room_bench(bench.room) as room:
            return _released_artefact(room)
    known = bench.warehouse.table_exists(SCORE_RUNS) and bench.warehouse.query(_LAST_RELEASED)["artefact"].to_pylist()
    if not known:
        raise NothingToDo(
            "no released model has scored in this room yet; choose another policy",
            zh="此無塵室尚無獲准發布之模型評分；請改用其他政策",
        )
    path = bench.settings.artefacts_dir / f"{known[0]}.json"
    if not path.exists():
        raise NothingToDo(
            "the released model's artefact is not in this room's folder; score once more, then replay",
            zh="此無塵室資料夾內無發布模型之檔案；請再評分一次後重演",
        )
    return load(path.read_bytes(), digest=known[0])


def runs_of(ranked: Sequence[Ranked], capacity: Capacity) -> list[Run]:
    """In order of the cut-offs: the suspects of whom notice was given before, and those to whom it is given now."""
    told: set[str] = set()
    runs = []
    for snapshot, ranking in ranked:
        tokens, institutions = snapshot.texts("account_token"), snapshot.texts("institution")
        first = _suspects(snapshot, ranking, capacity)
        new = [i for i in first if tokens[i] not in told][: capacity.notices]
        named = [*(i for i in first if tokens[i] in told), *new]
        told.update(tokens[i] for i in new)
        runs.append(Run(round(snapshot.as_of.timestamp() * 1_000_000), {tokens[i]: institutions[i] for i in named}))
    return runs


def _suspects(snapshot: Snapshot, ranking: Ranking, capacity: Capacity) -> np.ndarray:
    """Positions of the first among those not listed then; where most is at stake first, if not all are told at once."""
    unlisted = snapshot.unlisted
    first = unlisted[np.argsort(-ranking.scores[unlisted], kind="stable")[: capacity.suspects]]
    if capacity.notices is None:
        return first
    stake = at_stake(ranking.chances, column_of(snapshot.rows, "resting_cents"))
    return first[np.argsort(-stake[first], kind="stable")]


def listings_of(warehouse: Warehouse) -> Mapping[str, int]:
    """Account token -> its first watch-listing, UTC microseconds."""
    rows = warehouse.query("select account_token, listed_at from evaluation.reported_losses")
    tokens: Sequence[str] = rows["account_token"].to_pylist()
    return dict(zip(tokens, microseconds(rows["listed_at"]).tolist(), strict=True))

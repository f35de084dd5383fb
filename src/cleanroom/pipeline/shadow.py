"""Scoring runs in the shadow: whom each would have had noticed is kept, nobody is told, and later events judge it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.evaluation.detection import Truth
from cleanroom.evaluation.ledger import microseconds
from cleanroom.evaluation.notices import Run, judge_notices
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.scenarios import Case
from cleanroom.pipeline.dispatch import SENT
from cleanroom.stores.ports import Warehouse

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

NOTICES = "scoring.shadow_notices"
MOST_RELEASES = 5  # judged, those that ran last
_SCHEMA = pa.schema(
    [
        pa.field("release_id", pa.string(), nullable=False),
        pa.field("artefact", pa.string(), nullable=False),
        pa.field("as_of", UTC_TIMESTAMP, nullable=False),
        pa.field("scored_at", UTC_TIMESTAMP, nullable=False),
        pa.field("account_token", pa.string(), nullable=False),
        pa.field("institution", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("place", pa.int64(), nullable=False),
    ]
)
_KNOWN = f"select 1 from {NOTICES} where release_id = ? and artefact = ? and as_of = ? limit 1"
_RUNS = f"select release_id, as_of, account_token, institution from {NOTICES} order by as_of, place"
_LISTED = "select account_token, listed_at from evaluation.reported_losses"


def note(room: "Room", scored: pa.Table, *, artefact: str, unlisted: int) -> int:
    """Keep the first places of a shadow run, as many as warnings are sent per run. How many were kept; 0 where this
    run stands there already.

    `scored`: rows of `scoring.account_scores` in the order of rank; `unlisted`: how many of them, from the first on,
    a warning could be about.
    """
    first = scored.slice(0, min(unlisted, room.settings.warning_capacity))
    if not first.num_rows:
        return 0
    release_id, as_of = first["release_id"][0].as_py(), first["as_of"][0].as_py()
    if _is_kept(room.warehouse, [release_id, artefact, as_of]):
        return 0
    rows = {name: first[name].to_pylist() for name in ("release_id", "as_of", "account_token", "institution", "score")}
    same = {"artefact": artefact, "scored_at": datetime.now(UTC)}
    rows |= {name: [value] * first.num_rows for name, value in same.items()}
    rows["place"] = list(range(1, first.num_rows + 1))
    return room.warehouse.replace_rows(NOTICES, pa.table(rows, schema=_SCHEMA), where="false")


def _is_kept(warehouse: Warehouse, run: list[Any]) -> bool:
    return warehouse.table_exists(NOTICES) and warehouse.query(_KNOWN, run).num_rows > 0


def judge_shadow(room: "Room", case: Case, rules: EvaluationRules, truth: Truth | None) -> dict[str, Any] | None:
    """Per release that ran in the shadow, what its notices would have come to; None where none did.

    Judged by what is known now: later listings, answers to warnings about the same accounts that a released model
    sent, and the known truth where there is one.
    """
    if not room.warehouse.table_exists(NOTICES):
        return None
    runs = _runs(room.warehouse)
    listings = room.warehouse.query(_LISTED)
    listed_us = dict(zip(listings["account_token"].to_pylist(), microseconds(listings["listed_at"]).tolist(),
                         strict=True))  # fmt: skip
    answers = _answers(room)
    latest = sorted(runs, key=lambda release: runs[release][-1].as_of_us)[-MOST_RELEASES:]
    judged = {
        release: judge_notices(case, runs[release], listed_us=listed_us, rules=rules, truth=truth, answers=answers)
        for release in latest
    }
    return {"releases": judged} if judged else None


def _runs(warehouse: Warehouse) -> dict[str, list[Run]]:
    """Per release its runs in order of their cut-offs, accounts in the order of their places."""
    table = warehouse.query(_RUNS)
    found: dict[str, dict[int, dict[str, str]]] = {}
    for row, us in zip(table.to_pylist(), microseconds(table["as_of"]).tolist(), strict=True):
        found.setdefault(row["release_id"], {}).setdefault(us, {})[row["account_token"]] = row["institution"]
    return {release: [Run(us, named) for us, named in runs.items()] for release, runs in found.items()}


def _answers(room: "Room") -> dict[str, str]:
    """Account token -> the last answer to a warning about it, of those sent by a released model."""
    about = room.warehouse.query(f"select warning_id, account_token from {SENT}").to_pylist()
    token = {row["warning_id"]: row["account_token"] for row in about}
    return {
        token[w.warning_id]: str(w.answers[-1].answer)
        for w in room.portal.warnings()
        if w.answers and w.warning_id in token
    }

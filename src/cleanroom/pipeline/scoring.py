"""The scoring station: features in the warehouse, an artefact, its evidence as a draft release, and scores.

Scores leave the room only under a valid certificate: `score` asks the gate first and fails closed. Without one, a
shadow run keeps scores apart that nobody acts on.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.errors import GateClosed, NothingToDo
from cleanroom.pipeline import artefacts, candidate, drift, surveillance
from cleanroom.pipeline.features import build_features
from cleanroom.pipeline.gate import certified_release
from cleanroom.pipeline.history import HORIZON, data_snapshot, read_history
from cleanroom.pipeline.release_drafting import draft_and_submit
from cleanroom.pipeline.release_request import declared_answers
from cleanroom.pipeline.room_evidence import SCORE_RUNS
from cleanroom.pipeline.shadow import note
from cleanroom.pipeline.steps import StepResult
from cleanroom.scoring import scores
from cleanroom.scoring.artefact import Artefact
from cleanroom.scoring.snapshot import Snapshot
from cleanroom.scoring.training import train_artefact
from cleanroom.settings import RoomSettings

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

_RUNS = pa.schema(
    [
        pa.field("release_id", pa.string(), nullable=False),
        pa.field("artefact", pa.string(), nullable=False),
        pa.field("mode", pa.string(), nullable=False),
        pa.field("as_of", UTC_TIMESTAMP, nullable=False),
        pa.field("scored_at", UTC_TIMESTAMP, nullable=False),
        pa.field("accounts", pa.int64(), nullable=False),
    ]
)
_KNOWN_RUN = f"select 1 from {SCORE_RUNS} where release_id = ? and mode = ? and artefact = ? and as_of = ?"


def train(room: "Room", *, anew: bool = False, now: datetime | None = None) -> StepResult:
    """Train another model and keep its artefact, unless the one before is still a candidate and so stays (see
    `pipeline.candidate`). `anew` ends the candidate and trains at once. The same data gives the same artefact.

    Raises NothingToDo where there is too little to learn from, DataTestsFailed or WarehouseFault from dbt.
    """
    _need_transfers(room)
    now = now or datetime.now(UTC)
    build_features(room)
    history = read_history(room)
    found = candidate.look(room, now=now, anew=anew)
    if found.is_kept:
        return StepResult(rows=history[-1].accounts, detail={"artefact": found.artefact, "kept": True, **found.said})
    artefact = train_artefact(history, horizon=HORIZON, data_snapshot=data_snapshot(room))
    candidate.replace(room, found, by=artefact.digest)
    digest = artefacts.keep(room, artefact, now=now)
    facts = artefact.training
    return StepResult(
        rows=history[-1].accounts,
        detail={
            "artefact": digest,
            "kept": digest == found.artefact,
            **found.replaced_by(digest),
            "as_of": facts["as_of"],
            "cut_offs": len(history),
            "replayed_cut_offs": len(facts["replayed_cut_offs"]),
            "watch_listed": facts["watch_listed"],
            "listed_later": facts["listed_later"],
            "features": len(artefact.features),
        },
    )


def _need_transfers(room: "Room") -> None:
    """A ranking without any money movement would be a ranking by names alone."""
    if not room.warehouse.query("select 1 from moneyflow.int_transfers__joined limit 1").num_rows:
        raise NothingToDo(
            "no transfers have landed, so there is nothing to learn from; upload `transfers` first",
            zh="尚未匯入交易，無從訓練；請先上傳 transfers",
        )


def evaluate(
    room: "Room",
    *,
    developer: str,
    factors: dict | None = None,
    declared: dict | None = None,
    evidence_documents: dict | None = None,
    now: datetime | None = None,
) -> StepResult:
    """Measure the latest artefact, ask governance, draft the release at the portal, or refresh the draft that stands
    there, and submit it for sign-off where nothing else is missing.

    See `pipeline.release_drafting`. The same input again gives the same release.
    """
    answers = declared_answers(factors, declared, evidence_documents)
    return draft_and_submit(room, answers, developer=developer, now=now or datetime.now(UTC))


def score(room: "Room", *, shadow: bool = False) -> StepResult:
    """Score all owned accounts at the latest cut-off with the released model.

    Raises GateClosed and writes nothing where the gate is closed, unless `shadow`: then the latest trained model
    scores in shadow mode, and beside a released one does so where it is another. ArtefactRefused where the artefact
    is not the released one.
    """
    build_features(room)
    latest = read_history(room)[-1]
    try:
        record = certified_release(room)
    except GateClosed as closed:
        if not shadow:
            raise
        result = _score_in_shadow(room, latest, artefacts.need_latest(room.settings))
        said = {"gate": closed.sentence, "gate_zh_hant": closed.zh}
        return StepResult(result.rows, {**result.detail, **said})
    artefact = artefacts.read(room, record.draft.digests.artefact)
    result = _write(room, artefact, latest, release_id=record.draft.release_id, mode=scores.RELEASED)
    result = _watched(room, record, artefact, latest, result)
    trained = artefacts.latest(room.settings)
    if not shadow or trained is None or trained.digest == artefact.digest:
        return result
    beside = _score_in_shadow(room, latest, trained)
    return StepResult(result.rows, {**result.detail, "in_shadow": beside.detail["release_id"]})


def _watched(
    room: "Room", record: ReleaseRecord, artefact: Artefact, latest: Snapshot, result: StepResult
) -> StepResult:
    """The run with its drift. Where the policy says so, the release is suspended when this returns, and the dispatch
    that follows finds the gate shut."""
    moved = drift.watch(room, record, artefact, latest)
    watched = surveillance.watch(room, drift=moved)
    found = {"suspended": bool(watched.reasons)}
    if moved is not None:
        found["psi_score"] = round(moved.scores.value, 4)
    return StepResult(result.rows, {**result.detail, **found})


def latest_release_id(settings: RoomSettings) -> str:
    """The release that was drafted last in this room. Raises NothingToDo where there is none."""
    release_id = artefacts.need_latest(settings).release_id
    if release_id is None:
        raise NothingToDo(
            "the latest model has not been evaluated yet; run the evaluation of the release first",
            zh="最新模型尚未評估；請先執行發布之評估",
        )
    return release_id


def _score_in_shadow(room: "Room", latest: Snapshot, trained: artefacts.Latest) -> StepResult:
    release_id = trained.release_id or f"unreleased-{trained.digest[:16]}"
    artefact = artefacts.read(room, trained.digest)
    result = _write(room, artefact, latest, release_id=release_id, mode=scores.SHADOW)
    if trained.release_id:
        drift.watch(room, room.portal.release(release_id), artefact, latest, mode=scores.SHADOW)
    return result


def _write(room: "Room", artefact: Artefact, latest: Snapshot, *, release_id: str, mode: str) -> StepResult:
    rows = scores.score_snapshot(artefact, latest, release_id=release_id, mode=mode)
    room.warehouse.replace_rows(scores.TABLE, rows, where=f"mode = '{mode}'")
    if mode == scores.SHADOW:
        note(room, rows, artefact=artefact.digest, unlisted=len(latest.unlisted))
    _note_run(room, artefact, latest, release_id, mode)
    return StepResult(
        rows=rows.num_rows,
        detail={
            "release_id": release_id,
            "mode": mode,
            "as_of": latest.as_of.isoformat(),
            "watch_listed": int(latest.listed.sum()),
        },
    )


def _note_run(room: "Room", artefact: Artefact, latest: Snapshot, release_id: str, mode: str) -> None:
    """One row per release, mode and cut-off; the same run again keeps the time of the first."""
    known = [release_id, mode, artefact.digest, latest.as_of]
    if room.warehouse.table_exists(SCORE_RUNS) and room.warehouse.query(_KNOWN_RUN, known).num_rows:
        return
    row = [release_id, artefact.digest, mode, latest.as_of, datetime.now(UTC), latest.accounts]
    room.warehouse.replace_rows(SCORE_RUNS, pa.table([[v] for v in row], schema=_RUNS), where="false")

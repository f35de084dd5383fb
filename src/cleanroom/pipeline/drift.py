"""Drift of a model, released or in its shadow, at each scoring run: against the reference that its release keeps.

The reference stands in the model card, so the signatures cover it. The scores are counted by SQL where they lie.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.governance import metrics
from cleanroom.governance.evidence import Estimate
from cleanroom.governance.metrics.prediction_tables import count_bins
from cleanroom.governance.suspension import Drift
from cleanroom.scoring import scores
from cleanroom.scoring.artefact import Artefact
from cleanroom.scoring.snapshot import Snapshot

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

TABLE = "scoring.drift"
_WHERE = "mode = ? and release_id = ? and as_of = ?"
_LAST = f"""
select psi_score, psi_input, input_name, accounts from {TABLE} where release_id = ? order by as_of desc limit 1
"""
_SCHEMA = pa.schema(
    [
        pa.field("release_id", pa.string(), nullable=False),
        pa.field("as_of", UTC_TIMESTAMP, nullable=False),
        pa.field("measured_at", UTC_TIMESTAMP, nullable=False),
        pa.field("psi_score", pa.float64(), nullable=False),
        pa.field("psi_input", pa.float64()),
        pa.field("input_name", pa.string(), nullable=False),
        pa.field("accounts", pa.int64(), nullable=False),
    ]
)


def reference_of(artefact: Artefact, at: Snapshot) -> dict:
    """What later runs are compared with, for the model card: quantile bins of the scores and of every input at `at`."""
    probabilities = artefact.calibration.probabilities(artefact.model().margins(at.matrix))
    columns = {f: metrics.reference(at.matrix[:, i]) for i, f in enumerate(artefact.features)}
    kept = metrics.reference(probabilities)
    return {
        "as_of": at.as_of.isoformat(),
        "scores": kept.as_dict() if kept else None,
        "inputs": {name: r.as_dict() for name, r in columns.items() if r is not None},
    }


def watch(
    room: "Room", record: ReleaseRecord, artefact: Artefact, latest: Snapshot, *, mode: str = scores.RELEASED
) -> Drift | None:
    """Measure the run that was just written, and keep the figure; None where the release keeps no reference."""
    reference = record.draft.model_card.get("drift_reference") or {}
    if not reference.get("scores"):
        return None
    scored = _scores(room, record, latest, metrics.Reference.from_dict(reference["scores"]), mode)
    if scored is None:
        return None
    name, moved = _inputs(artefact, latest, reference["inputs"])
    drift = Drift(scored, moved, name)
    keep(room, record, latest.as_of, drift)
    return drift


def _scores(
    room: "Room", record: ReleaseRecord, latest: Snapshot, reference: metrics.Reference, mode: str
) -> Estimate | None:
    counts = count_bins(
        room.warehouse.query,
        list(reference.edges),
        table=scores.TABLE,
        column="score",
        where=_WHERE,
        parameters=[mode, record.draft.release_id, latest.as_of],
    )
    return metrics.psi_of(reference, counts)


def _inputs(artefact: Artefact, latest: Snapshot, references: dict) -> tuple[str, Estimate | None]:
    """The input that moved most."""
    found = [
        (name, metrics.psi_of(r := metrics.Reference.from_dict(references[name]), _counted(r, latest.matrix[:, i])))
        for i, name in enumerate(artefact.features)
        if name in references
    ]
    measured = [(name, psi) for name, psi in found if psi is not None]
    return max(measured, key=lambda one: one[1].value, default=("", None))


def _counted(reference: metrics.Reference, values: np.ndarray) -> tuple[int, ...]:
    return metrics.count_in(reference.edges, values)


def keep(room: "Room", record: ReleaseRecord, as_of: datetime, drift: Drift) -> None:
    """One row per release and cut-off; the same run again replaces it."""
    row = {
        "release_id": record.draft.release_id,
        "as_of": as_of,
        "measured_at": datetime.now(UTC),
        "psi_score": drift.scores.value,
        "psi_input": drift.input and drift.input.value,
        "input_name": drift.input_name,
        "accounts": drift.scores.cases,
    }
    at = as_of.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    name = record.draft.release_id.replace("'", "''")
    where = f"release_id = '{name}' and as_of = timestamp '{at}'"
    room.warehouse.replace_rows(TABLE, pa.Table.from_pylist([row], schema=_SCHEMA), where=where)


def last(room: "Room", release_id: str) -> Drift | None:
    """As the last scoring run of this release measured it; None where none did."""
    if not room.warehouse.table_exists(TABLE):
        return None
    row = next(iter(room.warehouse.query(_LAST, [release_id]).to_pylist()), None)
    if row is None:
        return None
    moved = None if row["psi_input"] is None else Estimate(row["psi_input"], cases=row["accounts"])
    return Drift(Estimate(row["psi_score"], cases=row["accounts"]), moved, row["input_name"])

"""What the room counts of itself and of operation, and the drift of a run: the same on every engine."""

from datetime import timedelta

import numpy as np
import pytest

from cleanroom.governance import metrics
from cleanroom.governance.answers import load_answers
from cleanroom.governance.catalogue import Supplier, supplied_by
from cleanroom.governance.metrics.prediction_tables import count_bins
from cleanroom.pipeline.room_evidence import collect
from cleanroom.vocabulary.terms import AnswerKind
from tests.factories.operating_room import CODES, EACH, OperatingRoom
from tests.factories.records import ARTEFACT, released

RECORD = released()
AT = RECORD.released_at + timedelta(hours=1)
LATER = AT + timedelta(hours=100)


@pytest.fixture(scope="module")
def room(settings):
    made = OperatingRoom.open(settings)
    made.release(RECORD)
    made.score(RECORD, at=AT)
    for day in range(14):
        made.score(RECORD, at=AT + timedelta(days=day), mode="shadow")
    for i, warning_id in enumerate(made.warn(RECORD, at=AT)):
        made.answer(warning_id, (AnswerKind.REVIEWING, AT), (AnswerKind.CONTROLLED, AT))
        if i % 10 == 0:
            made.answer(warning_id, (AnswerKind.DISMISSED, AT + timedelta(hours=2)))
    made.incident(1, kind="privacy", detected_at=AT)
    made.incident(2, kind="complaint", detected_at=AT, upheld=True)
    made.ran("scoring", at=AT, seconds=600)
    made.publish("blocked", {})
    made.drifted(RECORD, at=AT, psi=0.1)
    yield made
    made.warehouse.close()


def test_every_figure_of_operation_and_of_the_landed_rows_is_counted(room):
    found = collect(room, load_answers(), now=LATER, artefact_digest=ARTEFACT)
    assert supplied_by(Supplier.OPERATION) <= found.keys()
    values = {name: (evidence.value, evidence.cases) for name, evidence in found.items()}
    assert values["misrouted_alerts"] == (0, 30)
    assert values["gate_decision"] == (1, 31)
    assert values["live_precision"] == (0.9, 30)
    assert values["live_fpr_ratio"] == (1.0, EACH - 9)
    assert values["shadow_days"] == (14, 14)
    assert values["raw_id_hits"][0] == values["overdue_deletions"][0] == 0
    assert values["raw_id_hits"][1] == 2 * EACH * len(CODES)  # account and holder
    assert values["unjustified_fields"][0] == 0


def test_bytes_scanned_come_from_the_engines_own_records(room):
    scanned = room.warehouse.bytes_scanned(LATER.replace(year=2000))
    if room.warehouse.engine == "duckdb":
        assert scanned is None
    else:
        assert scanned >= 0


def test_drift_is_counted_where_the_scores_lie_and_kept_once(room):
    scores = room.warehouse.query("select score from scoring.account_scores where mode = 'released'")[
        "score"
    ].to_numpy()
    reference = metrics.reference(np.sqrt(scores))
    where, asked = "mode = ? and release_id = ? and as_of = ?", ["released", RECORD.draft.release_id, AT]
    counted = count_bins(room.warehouse.query, list(reference.edges), table="scoring.account_scores", column="score",
                         where=where, parameters=asked)  # fmt: skip
    psi = metrics.psi_of(reference, counted)
    assert psi == metrics.psi(np.sqrt(scores), scores) and psi.value > 0.2
    for value in (0.5, 0.7):
        room.drifted(RECORD, at=AT, psi=value)
    kept = room.warehouse.query("select as_of, psi_score, accounts from scoring.drift").to_pylist()
    assert kept == [{"as_of": AT, "psi_score": 0.7, "accounts": EACH * len(CODES)}]

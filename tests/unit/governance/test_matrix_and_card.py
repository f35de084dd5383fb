"""What the portal shows: the matrix with the worst outcome of each cell, and the model card."""

import json
import os
import subprocess
import sys

import pytest

from cleanroom.governance import gate, matrix, model_card, risk
from cleanroom.governance.evidence import Evidence
from cleanroom.vocabulary.terms import ControlOutcome, Tier
from tests.factories.records import NOW, a_draft, a_waiver, answers_for, card_for, released


def cell(cells, principle, stage):
    return next(c for c in cells if (c["principle"], c["stage"]) == (principle, stage))


@pytest.mark.parametrize(
    "outcomes, worst",
    [
        ((), None),
        (("pass", "waived"), "waived"),
        (("pass", "warn", "waived"), "warn"),
        (("warn", "not_measurable"), "not_measurable"),
        (("not_measurable", "fail", "pass"), "fail"),
    ],
)
def test_the_worst_outcome_of_several(outcomes, worst):
    assert matrix.worst(ControlOutcome(o) for o in outcomes) == worst


def test_every_outcome_has_its_rank():
    assert set(matrix.SEVERITY) == set(ControlOutcome)


def test_a_cell_shows_its_worst_control(policy):
    bad = Evidence(9, low=9, high=9, cases=5, measured_at=NOW)
    draft = a_draft(policy, contribution_anomaly_z=bad, shadow_days=None)
    record = released(policy, draft, waivers=(a_waiver(policy, "ROB-4-04"),))
    cells = matrix.build(policy, gate.results(policy, record, now=NOW))
    assert len(cells) == 24
    assert cell(cells, "ROB", 2)["outcome"] == "fail"
    assert cell(cells, "ROB", 1)["outcome"] == "pass"
    shadow = next(c for c in cell(cells, "ROB", 4)["controls"] if c["control_id"] == "ROB-4-04")
    assert (shadow["outcome"], shadow["waivable"], shadow["gate"]) == ("waived", True, "block")
    gen = next(c for c in cell(cells, "ROB", 3)["controls"] if c["control_id"] == "ROB-3-04")
    assert (gen["applies"], gen["outcome"]) == (False, None)


def test_the_matrix_is_json(policy):
    cells = matrix.build(policy, gate.results(policy, released(policy), now=NOW))
    assert json.loads(json.dumps(cells)) == cells


def test_a_card_is_complete_and_json(policy):
    card = card_for(policy, answers_for(Tier.R3))
    assert json.loads(json.dumps(card)) == card
    assert model_card.completeness(card, policy.model_card_fields) == 1.0
    assert model_card.completeness(card["inventory"], policy.inventory_fields) == 1.0
    assert card["sign_offs_required"] == [str(r) for r in policy.quorum[Tier.R3]]


def test_what_a_card_lacks_lowers_its_completeness(policy):
    card = card_for(policy, answers_for(Tier.R3))
    fields = policy.model_card_fields
    assert len(fields) >= 8
    for name in fields:
        for empty in (None, "", [], {}):
            assert model_card.completeness(card | {name: empty}, fields) == pytest.approx(1 - 1 / len(fields))
    assert model_card.completeness({}, fields) == 0.0


def test_an_incomplete_card_closes_the_gate(policy):
    record = released(policy)
    card = record.draft.model_card | {"limits": []}
    changed = record.model_copy(update={"draft": record.draft.model_copy(update={"model_card": card})})
    result = next(r for r in gate.results(policy, changed, now=NOW) if r.metric == "model_card_completeness")
    assert result.outcome is ControlOutcome.FAIL


def test_a_prohibited_use_has_a_card_without_sign_offs(policy):
    answers = answers_for(Tier.R3)
    graded = risk.Grade(85.0, Tier.R0, (policy.prohibitions[0].text,))
    card = model_card.build(
        policy, answers, graded, developer="d", model_type="t", version="1", training_data={}, features={}, metrics={},
        metrics_by_group={}, limits=[], last_validation="2026-03-02",
    )  # fmt: skip
    assert (card["tier"], card["sign_offs_required"]) == ("R0", [])
    assert card["grade_reasons"][0]["en"] == policy.prohibitions[0].text.en


def test_the_portal_side_needs_no_numpy():
    """The portal imports the gate; numpy is the room's."""
    code = (
        "import sys; import cleanroom.governance.gate, cleanroom.governance.matrix, cleanroom.governance.drafts;"
        "sys.exit(any(m in sys.modules for m in ('numpy', 'pandas', 'sklearn', 'pyarrow')))"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], check=False, env={"PYTHONPATH": os.pathsep.join(sys.path)}
        ).returncode
        == 0
    )

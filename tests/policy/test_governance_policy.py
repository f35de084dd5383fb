"""The policy that ships covers the agreed list of controls, fills every cell, and every figure has a supplier."""

import csv
import re
from collections import Counter
from functools import reduce
from importlib import import_module
from itertools import product
from pathlib import Path

import pytest

from cleanroom.contracts.specification import load_specification
from cleanroom.governance import matrix, risk
from cleanroom.governance.answers import load_answers
from cleanroom.governance.catalogue import Supplier, figures
from cleanroom.governance.policy import AiKind, EvidenceKind, GateKind, Metric, Phase, Policy, load_policy
from cleanroom.vocabulary.terms import Tier

LIST = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "governance" / "controls.csv"
needs_list = pytest.mark.skipif(not LIST.exists(), reason="the agreed list of controls is not beside this checkout")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


def rows() -> list[dict]:
    with LIST.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def metrics_of(policy: Policy) -> dict[str, Metric]:
    return {m.name: m for c in policy.controls for m in c.metrics}


def needed(policy: Policy) -> set[str]:
    references = {m.reference.metric for m in metrics_of(policy).values() if m.reference and m.reference.metric}
    return metrics_of(policy).keys() | references


@needs_list
def test_the_policy_covers_the_list_exactly(policy):
    listed = rows()
    assert len(listed) == 62
    assert [c.id for c in policy.controls] == [r["control_id"] for r in listed]
    for control, row in zip(policy.controls, listed, strict=True):
        held = (
            control.principle, str(control.stage), control.text.en, control.text.zh_hant, control.from_tier,
            control.ai_kind, control.evidence, control.gate, control.sources,
        )  # fmt: skip
        names = (
            "principle", "stage", "control_en", "control_zh", "applies_from_tier", "ai_kind", "evidence_kind", "gate",
            "sources",
        )  # fmt: skip
        assert held == tuple(row[name] for name in names), control.id


@needs_list
def test_every_default_limit_of_the_list_is_held(policy):
    """Written back as the list writes it, each metric is the list's own."""
    assert len(policy.controls) == 62
    for control, row in zip(policy.controls, rows(), strict=True):
        listed = [_spaceless(part) for part in row["metric_and_default"].split(";")]
        assert [_spaceless(_as_listed(m)) for m in control.metrics] == listed, control.id


def _as_listed(metric: Metric) -> str:
    words = {"pr_auc": "pr_auc", "train_kwh": "train_kwh (recorded)"}
    if metric.operator == "recorded":
        return words[metric.name]
    return f"{metric.name} {metric.operator} {_limit_as_listed(metric)}"


def _limit_as_listed(metric: Metric) -> str:
    if metric.reference:
        short = {"validated_precision": "validated", "wrongful_control_rate_limit": "limit"}
        source = metric.reference.metric or metric.reference.setting
        word = short.get(source) or source.split("_")[1 if source.startswith("cost") else 0]
        return word if metric.reference.factor == 1 else f"{metric.reference.factor} x {word}"
    if metric.reads:
        return metric.reads.split(" = ")[1]
    tiers = "".join(f" ({tier}: {limit:g})" for tier, limit in metric.by_tier.items())
    return f"{metric.limit:g}" + (f" of {metric.of}" if metric.of else "") + tiers


def _spaceless(text: str) -> str:
    """`1.0` and `1`, `0.80` and `0.8` are one number."""
    return re.sub(r"\d+\.\d+", lambda m: f"{float(m[0]):g}", text).replace(" ", "")


def test_every_cell_holds_a_control(policy):
    cells = Counter((c.principle, c.stage) for c in policy.controls)
    assert set(cells) == set(product(policy.principles, policy.stages))
    assert len(cells) == 24


def test_the_matrix_shows_every_cell_and_control(policy):
    cells = matrix.build(policy, ())
    assert len(cells) == 24
    assert sum(len(cell["controls"]) for cell in cells) == len(policy.controls)


def test_a_metric_stands_under_one_control(policy):
    names = [m.name for c in policy.controls for m in c.metrics]
    assert len(names) > 60
    assert [n for n, count in Counter(names).items() if count > 1] == []


def test_the_catalogue_holds_every_figure_and_no_other(policy):
    assert needed(policy) == figures().keys()
    for name, figure in figures().items():
        for text in (figure.text, figure.absent):
            assert text.en.isascii() and re.search("[\u4e00-\u9fff]", text.zh_hant), name


def test_every_evaluator_is_there():
    named = {figure.evaluator for figure in figures().values()}
    assert len(named) > 10
    for place in named:
        module, _, path = place.partition(":")
        assert callable(reduce(getattr, path.split("."), import_module(module))), place


def test_suppliers_agree_with_the_phases(policy):
    assert sum(len(control.metrics) for control in policy.controls) > 60, "this test would pass on nothing"
    for control in policy.controls:
        for metric in control.metrics:
            supplier = figures()[metric.name].supplier
            assert (supplier is Supplier.RECORD) == (control.phase is Phase.FROM_RECORD), metric.name
            if supplier is Supplier.OPERATION:
                assert control.phase is Phase.AFTER_RELEASE, metric.name


def test_what_cannot_be_waived_blocks(policy):
    fixed = [c for c in policy.controls if c.not_waivable]
    assert len(fixed) >= 10
    assert {c.gate for c in fixed} == {GateKind.BLOCK}


def test_own_answers_hold_every_document_that_blocks(policy):
    answers = load_answers()
    graded = risk.grade(policy, answers.factor_values, answers.declared_values)
    assert (graded.score, graded.tier) == (60.0, Tier.R3)
    documents = {
        m.name
        for c in policy.applicable(graded.tier, AiKind.PREDICTIVE)
        if c.gate is GateKind.BLOCK and c.evidence is not EvidenceKind.METRIC
        for m in c.metrics
        if figures()[m.name].supplier is Supplier.ANSWERS
    }
    assert len(documents) >= 8
    assert documents <= answers.documents.keys()
    assert answers.documents.keys() <= metrics_of(policy).keys()


def test_own_answers_give_a_need_for_every_uploaded_field():
    columns = {str(d): c.column_names for d, c in load_specification().datasets.items()}
    assert sum(map(len, columns.values())) > 40
    answers = load_answers()
    assert answers.unjustified_fields(columns) == ()
    held = {f"{d}.{f}" for d, fields in answers.field_needs.items() for f in fields}
    assert held == {f"{d}.{f}" for d, fields in columns.items() for f in fields}
    assert answers.unjustified_fields({"transfers": ["amount_twd", "marital_status"]}) == ("transfers.marital_status",)


def test_texts_stand_in_chinese_too(policy):
    texts = [c.text for c in policy.controls] + [a for f in policy.factors.values() for a in f.anchors]
    texts += list(policy.questions.values())
    assert len(texts) > 90
    assert all(re.search("[\u4e00-\u9fff]", t.zh_hant) for t in texts)

"""The control matrix: 6 principles x 4 stages, each cell with the worst outcome of its controls. Plain dicts."""

from collections.abc import Collection, Iterable
from itertools import product

from cleanroom.contracts.governance import ControlResult
from cleanroom.governance.policy import Control, Policy
from cleanroom.vocabulary.terms import ControlOutcome

# Worst first: a failure is known to be bad; what was not measured may be.
SEVERITY = (
    ControlOutcome.FAIL,
    ControlOutcome.NOT_MEASURABLE,
    ControlOutcome.WARN,
    ControlOutcome.WAIVED,
    ControlOutcome.PASS,
)


def worst(outcomes: Iterable[ControlOutcome]) -> ControlOutcome | None:
    """The worst of them; None of none (no control of the cell applies)."""
    return min(outcomes, key=SEVERITY.index, default=None)


def build(policy: Policy, results: Collection[ControlResult]) -> list[dict]:
    """24 cells, principle by principle and stage by stage.

    A cell: {"principle", "principle_text", "stage", "stage_text", "outcome" (worst, or None where nothing applies),
    "controls"}; a control: {"control_id", "text", "gate", "evidence", "waivable", "applies", "outcome", "results"}, its
    results as JSON dicts of `ControlResult`. Texts are {"en", "zh_hant"}.
    """
    return [_cell(policy, p, s, results) for p, s in product(policy.principles, policy.stages)]


def _cell(policy: Policy, principle: str, stage: int, results: Collection[ControlResult]) -> dict:
    of_cell = [c for c in policy.controls if (c.principle, c.stage) == (principle, stage)]
    controls = [_control(c, [r for r in results if r.control_id == c.id]) for c in of_cell]
    return {
        "principle": str(principle),
        "principle_text": policy.principles[principle].model_dump(),
        "stage": stage,
        "stage_text": policy.stages[stage].model_dump(),
        "outcome": _value(worst(ControlOutcome(c["outcome"]) for c in controls if c["applies"])),
        "controls": controls,
    }


def _control(control: Control, results: list[ControlResult]) -> dict:
    return {
        "control_id": control.id,
        "text": control.text.model_dump(),
        "gate": str(control.gate),
        "evidence": str(control.evidence),
        "waivable": control.not_waivable is None,
        "applies": bool(results),
        "outcome": _value(worst(r.outcome for r in results)),
        "results": [r.model_dump(mode="json") for r in results],
    }


def _value(outcome: ControlOutcome | None) -> str | None:
    return None if outcome is None else str(outcome)

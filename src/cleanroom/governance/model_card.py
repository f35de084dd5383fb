"""The model card: plain dicts and strings, so that the portal can show and keep it; and how complete a card is."""

from collections.abc import Iterable, Mapping

from cleanroom.governance.answers import Answers
from cleanroom.governance.policy import Policy
from cleanroom.governance.risk import Grade


def build(
    policy: Policy,
    answers: Answers,
    grade: Grade,
    *,
    developer: str,
    model_type: str | dict,
    version: str,
    training_data: Mapping,
    features: Mapping[str, str | dict],
    metrics: Mapping[str, float | None],
    metrics_by_group: Mapping[str, Mapping[str, Mapping[str, float | None]]],
    limits: Iterable[str | dict],
    last_validation: str,
    drift_reference: Mapping | None = None,
) -> dict:
    """A card for one release. JSON values only; groups under the policy's smallest cell are left out by the caller
    with `metrics.suppress_small_groups`.

    `training_data`: period, rows, institutions, labels and the snapshot's digest. `features`: name -> what it
    means; it, a limit and `model_type` may stand in both languages, as {"en", "zh_hant"}.
    `metrics_by_group`: attribute -> group -> figure. `last_validation`: ISO date of the evaluation. `drift_reference`:
    what later runs are compared with (pipeline.drift).
    """
    card = {
        "intended_use": _both(answers.inventory, "purpose"),
        "limits": list(limits),
        "training_data": dict(training_data),
        "features": dict(features),
        "metrics": dict(metrics),
        "metrics_by_group": {a: {g: dict(f) for g, f in groups.items()} for a, groups in metrics_by_group.items()},
        "owner": _both(answers.inventory, "owner"),
        "drift_reference": dict(drift_reference or {}),
        "developer": developer,
        "model_type": model_type,
        "version": version,
        "tier": str(grade.tier),
        "score": grade.score,
        "grade_reasons": [r.model_dump() for r in grade.reasons],
        "sign_offs_required": [str(role) for role in _quorum(policy, grade)],
        "answers": answers.model_dump(mode="json"),
    }
    card["inventory"] = _inventory(answers, card, model_type=model_type, last_validation=last_validation)
    return card


def completeness(card: Mapping, fields: Iterable[str]) -> float:
    """Share of `fields` that the card fills: 0.0 to 1.0. A name without content does not count."""
    wanted = list(fields)
    filled = sum(card.get(name) not in (None, "", [], {}, ()) for name in wanted)
    return filled / len(wanted) if wanted else 0.0


def _inventory(answers: Answers, card: dict, *, model_type: str | dict, last_validation: str) -> dict:
    """The entry in the AI inventory: what the owner wrote, and what this release knows better."""
    entry = {name: text.model_dump() for name, text in answers.inventory.items()}
    known = {
        "data_used": card["training_data"],
        "model_type": model_type,
        "risk_tier": card["tier"],
        "last_validation": last_validation,
        "life_cycle_state": "evaluated",
    }
    return {**entry, **known}


def _both(inventory: Mapping, name: str) -> dict:
    return inventory[name].model_dump() if name in inventory else {}


def _quorum(policy: Policy, grade: Grade) -> tuple:
    return policy.quorum[grade.tier] if grade.tier != "R0" else ()

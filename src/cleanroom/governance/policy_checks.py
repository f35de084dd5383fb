"""What one field of a policy cannot see: names that must exist elsewhere, sums, and what must not shrink."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cleanroom.governance.documents import Misfit

if TYPE_CHECKING:
    from cleanroom.governance.policy import Policy, Quorum

# Read by the line itself, whatever the controls say.
NEEDED_SETTINGS = ("alert_capacity", "smallest_cell", "candidate_days")


def misfits(policy: "Policy") -> Iterator[Misfit]:
    """Everything that does not fit, with its place and its rule."""
    if sum(f.weight for f in policy.factors.values()) != 100:
        yield Misfit(("factors",), "weights", "the factors' weights must add up to 100")
    if not 0 < policy.thresholds.R2_from < policy.thresholds.R3_from <= 100:
        yield Misfit(("thresholds",), "thresholds", "the thresholds must rise between 0 and 100")
    yield from _twice(policy)
    yield from _unasked(policy)
    yield from _unknown_settings(policy)
    yield from _shrinking_quorum(policy.quorum)


def _twice(policy: "Policy") -> Iterator[Misfit]:
    seen: set[str] = set()
    for i, control in enumerate(policy.controls):
        if control.id in seen:
            yield Misfit(("controls", i), "one_of_each", f"controls stand twice: {control.id}")
        seen.add(control.id)


def _unasked(policy: "Policy") -> Iterator[Misfit]:
    """Rules that read questions which the policy does not ask would never hold."""
    asked: list[tuple[tuple[int | str, ...], str]] = [
        (("generative_question",), policy.generative_question),
        (("in_use_question",), policy.in_use_question),
        *((("prohibitions", i, "when"), p.when) for i, p in enumerate(policy.prohibitions)),
        *((("floors", i, "when"), name) for i, floor in enumerate(policy.floors) for name in floor.when),
    ]
    for place, name in asked:
        if name not in policy.questions:
            yield Misfit(place, "question", f"rules read questions that the policy does not ask: {name}")


def _unknown_settings(policy: "Policy") -> Iterator[Misfit]:
    for name in NEEDED_SETTINGS:
        if not policy.settings.get(name, 0) > 0:
            yield Misfit(("settings",), "setting", f"the line reads the setting {name}; give it a number above 0")
    for i, control in enumerate(policy.controls):
        for j, metric in enumerate(control.metrics):
            setting = metric.reference and metric.reference.setting
            if setting and setting not in policy.settings:
                sentence = f"{control.id} reads the setting {setting}, which the policy does not hold"
                yield Misfit(("controls", i, "metrics", j), "setting", sentence)


def _shrinking_quorum(quorum: "Quorum") -> Iterator[Misfit]:
    if not quorum.R1 or not set(quorum.R1) <= set(quorum.R2) <= set(quorum.R3):
        sentence = "a higher tier must ask for every sign-off of the lower one, and R1 for at least one"
        yield Misfit(("quorum",), "quorum", sentence)

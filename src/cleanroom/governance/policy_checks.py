"""What one field of a policy cannot see: names that must exist elsewhere, sums, and what must not shrink."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cleanroom.governance.misfits import Misfit, Place
from cleanroom.vocabulary.both import Both

if TYPE_CHECKING:
    from cleanroom.governance.policy import Policy, Quorum

# Read by the line itself, whatever the controls say.
NEEDED_SETTINGS = ("alert_capacity", "smallest_cell", "candidate_days")


def misfits(policy: "Policy") -> Iterator[Misfit]:
    """Everything that does not fit, with its place and its rule."""
    if sum(f.weight for f in policy.factors.values()) != 100:
        yield Misfit(("factors",), "weights", Both("the factors' weights must add up to 100", "各因子權重合計須為 100"))
    if not 0 < policy.thresholds.R2_from < policy.thresholds.R3_from <= 100:
        said = Both("the thresholds must rise between 0 and 100", "門檻須於 0 至 100 間遞增")
        yield Misfit(("thresholds",), "thresholds", said)
    yield from _twice(policy)
    yield from _unasked(policy)
    yield from _unknown_settings(policy)
    yield from _shrinking_quorum(policy.quorum)


def _twice(policy: "Policy") -> Iterator[Misfit]:
    seen: set[str] = set()
    for i, control in enumerate(policy.controls):
        if control.id in seen:
            said = Both(f"controls stand twice: {control.id}", f"控制措施重複：{control.id}")
            yield Misfit(("controls", i), "one_of_each", said)
        seen.add(control.id)


def _unasked(policy: "Policy") -> Iterator[Misfit]:
    """Rules that read questions which the policy does not ask would never hold."""
    asked: list[tuple[Place, str]] = [
        (("generative_question",), policy.generative_question),
        (("in_use_question",), policy.in_use_question),
        *((("prohibitions", i, "when"), p.when) for i, p in enumerate(policy.prohibitions)),
        *((("floors", i, "when"), name) for i, floor in enumerate(policy.floors) for name in floor.when),
    ]
    for place, name in asked:
        if name not in policy.questions:
            yield Misfit(place, "question", Both(f"rules read questions that the policy does not ask: {name}",
                                                 f"規則讀取政策未列之問題：{name}"))  # fmt: skip


def _unknown_settings(policy: "Policy") -> Iterator[Misfit]:
    for name in NEEDED_SETTINGS:
        if not policy.settings.get(name, 0) > 0:
            yield Misfit(("settings",), "setting", Both(f"the line reads the setting {name}; give it a number above 0",
                                                        f"本系統讀取設定 {name}；請給定大於 0 之數值"))  # fmt: skip
    for i, control in enumerate(policy.controls):
        for j, metric in enumerate(control.metrics):
            setting = metric.reference and metric.reference.setting
            if setting and setting not in policy.settings:
                yield Misfit(("controls", i, "metrics", j), "setting",
                             Both(f"{control.id} reads the setting {setting}, which the policy does not hold",
                                  f"{control.id} 讀取設定 {setting}，政策未列"))  # fmt: skip


def _shrinking_quorum(quorum: "Quorum") -> Iterator[Misfit]:
    if not quorum.R1 or not set(quorum.R1) <= set(quorum.R2) <= set(quorum.R3):
        yield Misfit(("quorum",), "quorum",
                     Both("a higher tier must ask for every sign-off of the lower one, and R1 for at least one",
                          "較高等級須含較低等級之全部簽核，R1 至少一項"))  # fmt: skip

"""What one field of a policy cannot see: names that must exist elsewhere, sums, and what must not shrink.

The rules read the document as it was written, so that they are told beside everything else that does not fit: each is
judged where all that it reads is there and of its kind, and waits where it is not, which the types tell by themselves.
"""

from collections.abc import Iterator, Mapping

from cleanroom.governance.misfits import Misfit, Place
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import SignOffRole

# Read by the line itself, whatever the controls say.
NEEDED_SETTINGS = ("alert_capacity", "smallest_cell", "candidate_days")
_ROLES = frozenset(SignOffRole)


def misfits(document: object) -> Iterator[Misfit]:
    """Everything that does not fit, with its place and its rule."""
    yield from _weights(document)
    yield from _thresholds(document)
    yield from _twice(document)
    yield from _unasked(document)
    yield from _unset(document)
    yield from _unknown_settings(document)
    yield from _shrinking_quorum(document)


def of(part: object, key: str) -> object:
    """What stands under a key; None where nothing does or the part has no keys."""
    return part.get(key) if isinstance(part, Mapping) else None


def entries(part: object, key: str) -> list:
    """The list under a key; none where something else stands there."""
    found = of(part, key)
    return list(found) if isinstance(found, list | tuple) else []


def _weights(document: object) -> Iterator[Misfit]:
    factors = of(document, "factors")
    weights = [of(f, "weight") for f in factors.values()] if isinstance(factors, Mapping) else [None]
    if all(map(_is_number, weights)) and sum(weights) != 100:
        yield Misfit(("factors",), "weights", Both("the factors' weights must add up to 100", "各因子權重合計須為 100"))


def _thresholds(document: object) -> Iterator[Misfit]:
    low, high = (of(of(document, "thresholds"), name) for name in ("R2_from", "R3_from"))
    if _is_number(low) and _is_number(high) and not 0 < low < high <= 100:
        said = Both("the thresholds must rise between 0 and 100", "門檻須於 0 至 100 間遞增")
        yield Misfit(("thresholds",), "thresholds", said)


def _twice(document: object) -> Iterator[Misfit]:
    seen: set[str] = set()
    for i, control in enumerate(entries(document, "controls")):
        name = of(control, "id")
        if isinstance(name, str) and name in seen:
            said = Both(f"controls stand twice: {name}", f"控制措施重複：{name}")
            yield Misfit(("controls", i), "one_of_each", said)
        seen |= {name} if isinstance(name, str) else set()


def _unasked(document: object) -> Iterator[Misfit]:
    """Rules that read questions which the policy does not ask would never hold."""
    questions = of(document, "questions")
    if not isinstance(questions, Mapping):
        return
    for place, name in _read_questions(document):
        if isinstance(name, str) and name not in questions:
            yield Misfit(place, "question", Both(f"rules read questions that the policy does not ask: {name}",
                                                 f"規則讀取政策未列之問題：{name}"))  # fmt: skip


def _read_questions(document: object) -> Iterator[tuple[Place, object]]:
    for key in ("generative_question", "in_use_question"):
        yield (key,), of(document, key)
    for i, prohibition in enumerate(entries(document, "prohibitions")):
        yield ("prohibitions", i, "when"), of(prohibition, "when")
    for i, floor in enumerate(entries(document, "floors")):
        for name in entries(floor, "when"):
            yield ("floors", i, "when"), name


def _unset(document: object) -> Iterator[Misfit]:
    settings = of(document, "settings")
    for name in NEEDED_SETTINGS if isinstance(settings, Mapping) else ():
        value = settings.get(name, 0)
        if _is_number(value) and not value > 0:
            yield Misfit(("settings",), "setting", Both(f"the line reads the setting {name}; give it a number above 0",
                                                        f"本系統讀取設定 {name}；請給定大於 0 之數值"))  # fmt: skip


def _unknown_settings(document: object) -> Iterator[Misfit]:
    settings = of(document, "settings")
    if not isinstance(settings, Mapping):
        return
    for i, control in enumerate(entries(document, "controls")):
        for j, metric in enumerate(entries(control, "metrics")):
            setting = of(of(metric, "reference"), "setting")
            if isinstance(setting, str) and setting not in settings:
                name = of(control, "id") or i
                yield Misfit(("controls", i, "metrics", j), "setting",
                             Both(f"{name} reads the setting {setting}, which the policy does not hold",
                                  f"{name} 讀取設定 {setting}，政策未列"))  # fmt: skip


def _shrinking_quorum(document: object) -> Iterator[Misfit]:
    quorum = of(document, "quorum")
    if not all(isinstance(of(quorum, tier), list | tuple) for tier in ("R1", "R2", "R3")):
        return
    low, middle, high = (entries(quorum, tier) for tier in ("R1", "R2", "R3"))
    if not all(isinstance(role, str) and role in _ROLES for role in (*low, *middle, *high)):
        return
    if not low or not set(low) <= set(middle) <= set(high):
        yield Misfit(("quorum",), "quorum",
                     Both("a higher tier must ask for every sign-off of the lower one, and R1 for at least one",
                          "較高等級須含較低等級之全部簽核，R1 至少一項"))  # fmt: skip


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

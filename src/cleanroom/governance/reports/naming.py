"""Figures, limits and groups by the names that people read: the catalogue's, else those of words.yaml."""

import re
from decimal import Decimal

from cleanroom.contracts.governance import ControlResult
from cleanroom.governance.catalogue import figures
from cleanroom.governance.reports.words import Words
from cleanroom.vocabulary.both import parted

_A_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")  # as `>= 0.8 x validated_precision` holds one
_A_PART = re.compile(r"([0-9.]+) of ([0-9]+)")
_SIGNS = {">=": "\u2265", "<=": "\u2264", " x ": " \u00d7 "}


def named(words: Words, name: str) -> str:
    """A name that nobody lists stands for itself."""
    figure = figures().get(name)
    return words.pick(figure.text) if figure else words.of("names", name)


def limit(words: Words, written: str | None) -> str:
    """A limit as `controls.written_limit` writes it, with the figure or setting that it reads by its name."""
    if not written or written == "recorded":
        return words.of("names", written) if written else ""
    said = _A_PART.sub(lambda m: words("of_all", n=m[1], all=m[2]), written)
    for sign, shown in _SIGNS.items():
        said = said.replace(sign, shown)
    return _A_NAME.sub(lambda m: named(words, m[0]), said)


def detail(words: Words, result: ControlResult) -> str:
    """How the figure came about, or why there is none; "" where that is no more than its name."""
    both = parted(result.detail)
    halves = {"en": both.en, "zh_hant": both.zh_hant if both.en != both.zh_hant else result.detail_zh_hant or both.en}
    said = words.pick(halves)
    return "" if result.metric and said == named(words, result.metric) else said


def figure(value: float | None) -> str:
    """At most four digits that count, never in powers of ten."""
    if value is None:
        return ""
    whole = float(value).is_integer() or abs(value) >= 1000
    return (f"{value:,.0f}" if whole else f"{Decimal(f'{value:.4g}'):f}").replace("-", "\u2212")

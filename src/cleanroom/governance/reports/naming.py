"""Figures, limits and groups by the names that people read: the catalogue's, else those of words.yaml."""

import re

from cleanroom.governance.catalogue import figures
from cleanroom.governance.reports.words import Words

_A_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")  # as `>= 0.8 x validated_precision` holds one
_A_PART = re.compile(r"([0-9.]+) of ([0-9]+)")


def named(words: Words, name: str) -> str:
    """A name that nobody lists stands for itself."""
    figure = figures().get(name)
    return words.pick(figure.text) if figure else words.of("names", name)


def limit(words: Words, written: str | None) -> str:
    """A limit as `controls.written_limit` writes it, with the figure or setting that it reads by its name."""
    if not written or written == "recorded":
        return words.of("names", written) if written else ""
    parts = _A_PART.sub(lambda m: words("of_all", n=m[1], all=m[2]), written)
    return _A_NAME.sub(lambda m: named(words, m[0]), parts)

"""The reports' own texts in one language. Texts of the policy come from the policy."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("en", "zh_hant")
TAGS = {"en": "en", "zh_hant": "zh-Hant"}  # as HTML names them, and file names


@cache
def _document() -> dict:
    return yaml.safe_load((files("cleanroom.governance.reports") / "words.yaml").read_text(encoding="utf-8"))


class Words:
    """`words("key", name=value)` is the text in its language; `words.of("outcomes", "pass")` one out of a list."""

    def __init__(self, language: str):
        self.language, self.tag = language, TAGS[language]

    def __call__(self, key: str, **filled: object) -> str:
        return self.pick(_document()[key]).format(**filled)

    def of(self, group: str, key: object) -> str:
        """A word that the list does not hold stands for itself."""
        found = _document()[group].get("" if key is None else str(key))
        return str(key) if found is None else self.pick(found)

    def pick(self, text: Any) -> str:
        """One language of {"en", "zh_hant"}; anything else as it is."""
        if isinstance(text, dict) and text.keys() >= set(LANGUAGES):
            return text[self.language]
        return str(getattr(text, self.language, text))

"""The texts of a report in one language, from its package's words.yaml. Texts of the policy come from the policy."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from cleanroom.vocabulary.both import parted

LANGUAGES = ("en", "zh_hant")
TAGS = {"en": "en", "zh_hant": "zh-Hant"}  # as HTML names them, and file names


@cache
def _document(package: str) -> dict:
    return yaml.safe_load((files(package) / "words.yaml").read_text(encoding="utf-8"))


class Words:
    """`words("key", name=value)` is the text in its language; `words.of("outcomes", "pass")` one out of a list."""

    def __init__(self, language: str, package: str = "cleanroom.governance.reports"):
        self.language, self.tag, self._texts = language, TAGS[language], _document(package)

    def __call__(self, key: str, **filled: object) -> str:
        return self.pick(self._texts[key]).format(**filled)

    def of(self, group: str, key: object) -> str:
        """A word that the list does not hold stands for itself."""
        found = self._texts[group].get("" if key is None else str(key))
        return str(key) if found is None else self.pick(found)

    def filled(self, group: str, key: object, **filled: object) -> str:
        """`of`, with the places of the text filled in."""
        return self.of(group, key).format(**filled)

    def pick(self, text: Any) -> str:
        """One language of {"en", "zh_hant"}, or of a text that holds both (`Both.as_text`); anything else as it is."""
        if isinstance(text, dict) and text.keys() >= set(LANGUAGES):
            return text[self.language]
        if isinstance(text, str):
            return getattr(parted(text), self.language)
        return str(getattr(text, self.language, text))

"""A sentence in both languages, where it is made below the edge that knows its reader's."""

import re
from typing import NamedTuple

BETWEEN = " / "
_HAN = re.compile(r"[\u4e00-\u9fff]")


class Both(NamedTuple):
    en: str
    zh_hant: str

    @property
    def as_text(self) -> str:
        """Both in one text, English first, for a record that holds one text alone."""
        return f"{self.en}{BETWEEN}{self.zh_hant}"


def parted(text: str) -> Both:
    """The halves of `Both.as_text`; what a person wrote in one language stands for both."""
    parts = text.split(BETWEEN)
    for i in range(1, len(parts)):
        en, zh_hant = BETWEEN.join(parts[:i]), BETWEEN.join(parts[i:])
        if not _HAN.search(en) and _HAN.search(parts[i]):
            return Both(en, zh_hant)
    return Both(text, text)

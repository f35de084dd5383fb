"""A sentence in both languages, where it is made below the edge that knows its reader's."""

from typing import NamedTuple


class Both(NamedTuple):
    en: str
    zh_hant: str

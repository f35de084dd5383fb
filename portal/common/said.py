"""A refusal's sentence in both languages: it is said once, and the edge that tells it chooses (ADR 127)."""

from collections.abc import Callable
from typing import TypedDict

from django.utils.translation import get_language, gettext, override

ENGLISH, CHINESE = "en", "zh-hant"


class Said(TypedDict):
    """As the errors of the family take it: `raise NotFound(**said("there is no such order"))`."""

    sentence: str
    zh: str


def said(text: str, **values: object) -> Said:
    """`text` is found by the catalogues like one in gettext's call. Values that are lazy speak both languages too."""
    return in_both(lambda: gettext(text) % values if values else gettext(text))


def in_both(tell: Callable[[], str]) -> Said:
    """What `tell` says in English and in Chinese."""
    with override(ENGLISH):
        english = str(tell())
    with override(CHINESE):
        return Said(sentence=english, zh=str(tell()))


def chosen(both: Said) -> str:
    """The one that the reader of this page reads."""
    return both["zh"] if (get_language() or "").startswith("zh") else both["sentence"]

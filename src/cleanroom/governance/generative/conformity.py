"""zh-TW conformity: a text for Taiwan is in Chinese, in Traditional characters, with Taiwan's words.

Simplified characters are those of GB 2312 that the Big5 code page of Taiwan (CP950) does not hold; what both hold (后,
里, 台) tells nothing. Words: words/taiwan.yaml.
"""

import re
from functools import cache, lru_cache

from cleanroom.governance.generative.texts import KEPT, fold, han_share, phrase_pattern, uncited, word_list

LEAST_HAN = 0.5  # below this share of Chinese characters among characters and Latin words the text is not in Chinese


@lru_cache(maxsize=KEPT)
def faults(text: str) -> tuple[str, ...]:
    """What keeps a text from being zh-TW: `language`, `simplified`, `mainland_word`; () where nothing does."""
    folded = fold(uncited(text))
    found = ["language"] if han_share(folded) < LEAST_HAN else []
    if simplified_characters() & set(folded):
        found.append("simplified")
    if mainland_words(folded):
        found.append("mainland_word")
    return tuple(found)


@cache
def simplified_characters() -> frozenset[str]:
    return frozenset(c for c in map(chr, range(0x4E00, 0xA000)) if _in(c, "gb2312") and not _in(c, "cp950"))


def mainland_words(folded: str) -> list[str]:
    """Mainland words of the list that stand in the text, outside Taiwan words that contain them."""
    return _mainland().findall(_taiwan().sub(" ", folded))


@cache
def _mainland() -> re.Pattern[str]:
    return phrase_pattern(word_list("taiwan")["mainland"])


@cache
def _taiwan() -> re.Pattern[str]:
    return phrase_pattern(word_list("taiwan")["taiwan"])


def _in(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True

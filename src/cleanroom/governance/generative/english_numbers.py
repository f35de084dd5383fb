"""English number words: twelve, twenty-five, three hundred and five, thirty-five thousand. A lone `one` is an article
more often than a number and is not read."""

import re
from collections.abc import Iterator

_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
          "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_TENS = {w: 10 * i for i, w in enumerate(
    ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), start=2)}  # fmt: skip
_SMALL = {w: i for i, w in enumerate(_UNITS)} | _TENS
_BIG = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_WORD = "|".join([*_SMALL, "hundred", *_BIG])
_RUN = re.compile(rf"\b(?:{'|'.join(_SMALL)})\b(?:(?:[\s-]{{1,3}}(?:and\s{{1,3}})?)(?:{_WORD})\b)*", re.IGNORECASE)


def numbers(text: str) -> Iterator[tuple[int, int, int]]:
    """(begin, end, value) of every number that is written in words."""
    for m in _RUN.finditer(text):
        words = [w for w in re.split(r"[\s-]+", m[0].lower()) if w != "and"]
        if words != ["one"]:
            yield m.start(), m.end(), _value(words)


def _value(words: list[str]) -> int:
    total = section = 0
    for word in words:
        if word in _BIG:
            total, section = total + max(section, 1) * _BIG[word], 0
        elif word == "hundred":
            section = max(section, 1) * 100
        else:
            section += _SMALL[word]
    return total + section

"""Personal data in a text: Taiwan's identifiers by form and check digit, read next to Chinese characters too.

`\\b` finds no word bound between a Chinese character and a digit (both are word characters), so bounds are written as
lookarounds on plain letters and digits. The text is folded first (full-width forms, zero-width characters, digits in
Chinese characters), and single spaces, dots or hyphens between digits hide nothing. What is plainly a date, a time or
an amount is no identifier. Names and addresses are not looked for: no form tells them from other words.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cleanroom.contracts.identifier_checksums import business_no_holds, card_holds, national_id_holds
from cleanroom.governance.generative.quantities import quantities
from cleanroom.governance.generative.texts import KEPT, fold

_BEFORE, _AFTER = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_GAP = r"[ .\u2010-\u2015\u2212-]?"
_ABROAD = rf"(?:\+{_GAP}|00)?8{_GAP}8{_GAP}6{_GAP}"
_GAPS = re.compile(r"[ .()\u2010-\u2015\u2212-]")
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_HAN_RUN = re.compile(r"[〇零○一二三四五六七八九]{7,}")


@dataclass(frozen=True)
class Leak:
    """`kind`: what it is. `value`: its plain form, for comparing; never for a report."""

    kind: str
    value: str


def _digits(count: str) -> str:
    return rf"[0-9](?:{_GAP}[0-9]){{{count}}}"


def _spelt(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{_BEFORE}(?:{pattern}){_AFTER}", re.IGNORECASE)


def _any(_: str) -> bool:
    return True


def _account(value: str) -> bool:
    """Ten to sixteen digits that are no moment written without separators."""
    for form in ("%Y%m%d%H%M%S", "%Y%m%d%H%M"):
        try:
            datetime.strptime(value, form)  # noqa: DTZ007 - only its form is asked for
        except ValueError:
            continue
        return False
    return len(set(value)) > 1


def _no_date(value: str) -> bool:
    try:
        datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007 - only its form is asked for
    except ValueError:
        return business_no_holds(value)
    return False


# Longest and best-checked first: what one rule takes, the next ones do not see.
_RULES: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("email", re.compile(rf"{_BEFORE}[0-9A-Za-z._%+-]{{1,64}}@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+"), _any),
    ("token", re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])"), lambda v: not v.isdigit()),
    ("national_id", _spelt(rf"[A-Z]{_GAP}[1289A-D]{_GAP}{_digits('7')}"), lambda v: national_id_holds(v.upper())),
    ("mobile", _spelt(rf"(?:{_ABROAD}(?:\(0\))?|0{_GAP})9{_GAP}{_digits('7')}"), _any),
    ("landline", _spelt(rf"(?:\(0[2-8][0-9]{{0,2}}\)|(?:\+|00)886{_GAP}[2-8]|0(?!800|809)[2-8]){_GAP}{_digits('6,8')}"),
     lambda v: 9 <= len(v.lstrip("+")) <= 13),
    ("card", _spelt(_digits("12,18")), card_holds),
    ("account", _spelt(_digits("9,15")), _account),
    ("business_no", _spelt(_digits("7")), _no_date),
)  # fmt: skip


@lru_cache(maxsize=KEPT)
def leaks(text: str) -> tuple[Leak, ...]:
    """Every identifier that stands in `text`."""
    folded = _HAN_RUN.sub(lambda m: m[0].translate(_HAN_DIGITS), fold(text))
    if next(_found(folded), None) is None:  # most texts: the figures need not be read at all
        return ()
    return tuple(_found(_without_figures(folded)))


def leaked(text: str, *, allowed: Iterable[str] = ()) -> list[str]:
    """Kinds of the identifiers in `text`, leaving out those that are in one of the `allowed` texts."""
    found = leaks(text)
    if not found:
        return []
    known = {leak.value for other in allowed for leak in leaks(other)}
    return sorted({leak.kind for leak in found if leak.value not in known})


def _without_figures(folded: str) -> str:
    """Dates, times and amounts of money blanked; what follows a date closely does not run together with it."""
    for q in quantities(folded):
        if q.kind in ("date", "time", "percent") or (q.money and q.kind == "number"):
            folded = f"{folded[: q.begin]}{';' * (q.end - q.begin)}{folded[q.end :]}"
    return folded


def _found(text: str) -> Iterator[Leak]:
    for kind, pattern, holds in _RULES:
        for m in list(pattern.finditer(text)):
            value = m[0].lower() if kind == "email" else _GAPS.sub("", m[0])
            if holds(value):
                yield Leak(kind, value.upper() if kind == "national_id" else value)
                text = f"{text[: m.start()]}{';' * (m.end() - m.start())}{text[m.end() :]}"

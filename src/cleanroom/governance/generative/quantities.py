"""Every number, percentage, date and time that a text states, whatever its spelling; each with its place.

Read: full-width digits, thousands separators, Chinese numerals (also mixed and for cheques), 萬 and 億, percent signs,
百分之 and 成, Gregorian and ROC dates in figures and in characters, English month names and number words, times of 12
and of 24 hours. Not read as quantities: citations, list numbers at a line's beginning, ordinals, weekdays, articles
(一, one) and the idioms in words/numerals.yaml (萬一).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from cleanroom.governance.generative import english_numbers
from cleanroom.governance.generative.numerals import ARABIC, DIGIT_CHARS, NUMERAL, UNIT_CHARS, value_of
from cleanroom.governance.generative.texts import CITATION, KEPT, word_list

ROC_OFFSET = 1911
NEAR = 12  # characters before a number in which its currency stands
Kind = Literal["number", "percent", "date", "day", "time"]
Value = Decimal | tuple[int | None, int | None, int | None] | tuple[int, int]


@dataclass(frozen=True)
class Quantity:
    """`value`: Decimal for number, percent (5 for 5 %) and day of a month; (year, month, day) with None for what is
    not said; (hour, minute). `begin`, `end`: place in the folded text. `money`: a currency stands beside it."""

    kind: Kind
    value: Value
    begin: int
    end: int
    money: bool = False


_CJK = rf"[{DIGIT_CHARS}{UNIT_CHARS}]"
_N = rf"(?:[0-9]{{1,4}}|{_CJK}{{1,6}})"
_HALF = "上午|下午|晚上|凌晨|中午|早上"
_S = r"\s{0,3}"  # bounded, so that a long run of spaces costs nothing
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_MONTH = "|".join(f"{m.capitalize()}|{m[:3].capitalize()}" for m in _MONTHS)

_SKIPPED = re.compile(
    rf"{CITATION.pattern}"
    rf"|(?m:^[ \t]{{0,8}}(?:\(?[0-9]{{1,2}}[.)](?=\s)|[0-9]{{1,2}}、|{_CJK}{{1,3}}、|\({_CJK}{{1,3}}\)))"
    rf"|(?:星期|禮拜|週|周)[一二三四五六](?!{_CJK})|第{_CJK}{{1,4}}|第[0-9]{{1,3}}(?![0-9])|[0-9]+(?:st|nd|rd|th)\b"
    r"|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"
)
_HAN_DATE = re.compile(
    rf"(?P<roc>(?:中華)?民國{_S})?(?P<y>{_N}){_S}年(?:{_S}(?P<m>{_N}){_S}月(?:{_S}(?P<d>{_N}){_S}[日號])?)?"
    rf"|(?P<m2>{_N}){_S}月(?:{_S}(?P<d2>{_N}){_S}[日號]|(?=份))"
)
_FIGURE_DATE = re.compile(
    r"(?<![0-9/.-])(?P<y>[0-9]{2,4})(?P<sep>[-/.])(?P<m>[0-9]{1,2})(?P=sep)(?P<d>[0-9]{1,2})(?![0-9]|[/-][0-9])"
)
_SHORT_DATE = re.compile(r"(?<![0-9/.])(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})(?![0-9/])")
_ENGLISH_DATE = re.compile(
    rf"\b(?P<m>{_MONTH})\.?\s{{1,3}}(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s{{1,3}}(?P<y>(?:19|20)[0-9]{{2}})\b)?"
    rf"|\b(?P<d2>[0-9]{{1,2}})(?:st|nd|rd|th)?\s{{1,3}}(?P<m2>{_MONTH})\b\.?(?:,?\s{{1,3}}(?P<y2>(?:19|20)[0-9]{{2}})\b)?"
    rf"|\b(?P<m3>{_MONTH})\.?\s{{1,3}}(?P<y3>(?:19|20)[0-9]{{2}})\b"
)
_CLOCK = re.compile(
    rf"(?<![0-9:])(?P<half>{_HALF})?{_S}(?P<h>[0-9]{{1,2}}):(?P<m>[0-9]{{2}})(?::[0-9]{{2}}(?:\.[0-9]+)?)?"
    r"(?:\s{0,3}(?P<pm>[ap]\.?m\b\.?)|Z|[+-][0-9]{2}:?[0-9]{2})?(?![0-9])",
    re.IGNORECASE,
)
_HAN_CLOCK = re.compile(
    rf"(?P<half>{_HALF})?{_S}(?P<h>{_N}){_S}[時點](?!間|候|常|刻|點)(?:{_S}(?P<m>{_N}){_S}分|(?P<mid>半))?"
)
_PERCENT = re.compile(
    rf"(?P<n>{NUMERAL}){_S}(?:%|percent\b|per cent\b)|百分之{_S}(?P<n2>{NUMERAL})"
    rf"|(?P<n3>[{DIGIT_CHARS}0-9])成(?P<n4>[{DIGIT_CHARS}0-9])?(?![為立功長員就果])"
)
_NUMBER = re.compile(NUMERAL)
_SCALE = re.compile(r"\s?(?:(thousand|k)|(million|m|mn)|(billion|bn))\b", re.IGNORECASE)
_BEFORE_MONEY = re.compile(r"(?:NT\$|NTD|TWD|US\$|USD|\$|新臺幣|新台幣|臺幣|台幣)\s{0,3}$", re.IGNORECASE)
_AFTER_MONEY = re.compile(r"\s{0,3}(?:元|塊|圓|dollars?\b|NTD|TWD|NT\b)", re.IGNORECASE)
_MEASURE = re.compile(
    r"\s?(?:多|餘)?(?:筆|次|元|塊|天|日|月|年|週|小時|秒|分鐘|點|位|人|戶|張|家|項|件|個|期|組|名|倍|度|歲|成|行|層|通|封)"
)


@lru_cache(maxsize=KEPT)
def quantities(folded: str) -> tuple[Quantity, ...]:
    """Every quantity of a folded text, in the order in which they stand. Each character counts once: the first
    reading that takes it wins, dates before numbers."""
    text, found = _blanked(folded, [m.span() for m in _SKIPPED.finditer(folded)]), []
    for pattern, reading in _READINGS:
        taken = [q for m in pattern.finditer(text) for q in reading(m)]
        found += taken
        text = _blanked(text, [(q.begin, q.end) for q in taken])
    found += list(english_quantities(text))
    return tuple(sorted(found, key=lambda q: q.begin))


def english_quantities(text: str) -> Iterator[Quantity]:
    for begin, end, value in english_numbers.numbers(text):
        yield Quantity("number", Decimal(value), begin, end)


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """Same length, so that places stay: what was read once is not read again."""
    for begin, end in spans:
        text = f"{text[:begin]}{' ' * (end - begin)}{text[end:]}"
    return text


def _whole(text: str | None) -> int | None:
    value = value_of(text) if text else None
    return int(value) if value is not None and value == value.to_integral_value() else None


def _dated(m: re.Match[str], year: int | None, month: int | None, day: int | None) -> Iterator[Quantity]:
    if _possible(year, month, day):
        yield Quantity("date", (year, month, day), *m.span())


def _possible(year: int | None, month: int | None, day: int | None) -> bool:
    if month is None:
        return year is not None and 1900 <= year <= 2199
    try:
        date(year if year is not None else 2024, month, 1 if day is None else day)
    except ValueError:
        return False
    return year is None or 1900 <= year <= 2199


def _gregorian(year: int | None, roc: bool) -> int | None:
    """ROC years have at most three digits; a Gregorian year of a date has four."""
    return year + ROC_OFFSET if year is not None and (roc or 50 <= year < 200) else year


def _han_date(m: re.Match[str]) -> Iterator[Quantity]:
    if m["m2"]:
        yield from _dated(m, None, _whole(m["m2"]), _whole(m["d2"]))
    elif m["roc"] or m["m"] or (_whole(m["y"]) or 0) >= 100:
        yield from _dated(m, _gregorian(_whole(m["y"]), bool(m["roc"])), _whole(m["m"]), _whole(m["d"]))


def _figure_date(m: re.Match[str]) -> Iterator[Quantity]:
    yield from _dated(m, _gregorian(int(m["y"]), roc=len(m["y"]) < 4), int(m["m"]), int(m["d"]))


def _short_date(m: re.Match[str]) -> Iterator[Quantity]:
    yield from _dated(m, None, int(m["m"]), int(m["d"]))


def _english_date(m: re.Match[str]) -> Iterator[Quantity]:
    month = (m["m"] or m["m2"] or m["m3"])[:3].lower()
    year, day = m["y"] or m["y2"] or m["y3"], m["d"] or m["d2"]
    number = next(i for i, name in enumerate(_MONTHS, start=1) if name.startswith(month))
    yield from _dated(m, int(year) if year else None, number, int(day) if day else None)


def _clock(m: re.Match[str]) -> Iterator[Quantity]:
    yield from _timed(m, int(m["h"]), int(m["m"]), m["half"] or "", (m["pm"] or "").lower()[:1])


def _han_clock(m: re.Match[str]) -> Iterator[Quantity]:
    minute = 30 if m["mid"] else _whole(m["m"]) or 0
    hour = _whole(m["h"])
    # 一時疏忽, 早一點, 以下兩點: in characters alone, without minutes and half of the day, it is no time.
    if hour is not None and (m["h"].isascii() or m["half"] or m["m"] or m["mid"]):
        yield from _timed(m, hour, minute, m["half"] or "", "")


def _timed(m: re.Match[str], hour: int, minute: int, half: str, pm: str) -> Iterator[Quantity]:
    afternoon = pm == "p" or half in ("下午", "晚上") or (half == "中午" and hour < 11)
    if afternoon and hour < 12:
        hour += 12
    elif hour == 12 and (pm == "a" or half == "凌晨"):
        hour = 0
    if hour < 24 and minute < 60:
        yield Quantity("time", (hour, minute), *m.span())


def _percent(m: re.Match[str]) -> Iterator[Quantity]:
    if m["n3"]:
        tenths, more = value_of(m["n3"]), value_of(m["n4"]) if m["n4"] else Decimal(0)
        value = tenths * 10 + more if tenths else None
    else:
        value = value_of(m["n"] or m["n2"])
    if value is not None:
        yield Quantity("percent", value, *m.span())


def _number(m: re.Match[str]) -> Iterator[Quantity]:
    text, after = m[0], m.string[m.end() :]
    if not any(c.isascii() for c in text) and not _meant(text, m.string, m.start(), after):
        return
    value = value_of(text)
    readings = [(m.start(), m.end(), value)] if value is not None else list(_apart(m))
    for begin, end, number in readings:
        scale = _SCALE.match(m.string, end)
        times = 1 if scale is None else 10 ** (3 * scale.lastindex)
        money = bool(
            _BEFORE_MONEY.search(m.string[max(0, begin - NEAR) : begin])
            or _AFTER_MONEY.match(m.string, scale.end() if scale else end)
        )
        day = times == 1 and not money and re.match(r"\s?[日號](?!內|以|前|後|間)", m.string[end:]) and number <= 31
        yield Quantity("day" if day else "number", number * times, begin, end, money)


def _apart(m: re.Match[str]) -> Iterator[tuple[int, int, Decimal]]:
    """A run that is no one number, as `1,2` or `3三`: its figures one by one."""
    for part in re.finditer(rf"{ARABIC}|{_CJK}+", m[0]):
        if (value := value_of(part[0])) is not None:
            yield m.start() + part.start(), m.start() + part.end(), value


def _meant(run: str, text: str, begin: int, after: str) -> bool:
    """Whether characters alone are meant as a number: not an idiom, not an article, one character only before a
    measure word, bare units (千萬) likewise."""
    listed = word_list("numerals")
    if run in listed["idioms"] or any(text.startswith(phrase, begin) for phrase in listed["phrases"]):
        return False
    if run in ("一", "〇", "零", "○"):
        return False
    if len(run) == 1 or not any(c in DIGIT_CHARS for c in run):
        return bool(_MEASURE.match(after))
    return True


_READINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Iterator[Quantity]]], ...] = (
    (_HAN_DATE, _han_date),
    (_FIGURE_DATE, _figure_date),
    (_ENGLISH_DATE, _english_date),
    (_CLOCK, _clock),
    (_HAN_CLOCK, _han_clock),
    (_PERCENT, _percent),
    (_SHORT_DATE, _short_date),
    (_NUMBER, _number),
)

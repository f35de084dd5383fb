"""Chinese and mixed numerals: 3萬5千, 三萬五, 壹拾貳萬, 1.2億, 一一四. Values are exact decimals.

Grammar: digits, then small units (十百千 and their forms for cheques) within a section, then 萬 or 億 over the section.
A single digit after the last unit, with no zero between, counts by a tenth of that unit: 三萬五 is 35,000.
"""

import re
from decimal import Decimal

_DIGITS = {
    **{c: i for i, c in enumerate("零一二三四五六七八九")},
    **{c: i for i, c in enumerate("〇壹貳參肆伍陸柒捌玖")},
    "○": 0, "兩": 2, "两": 2, "弍": 2, "叁": 3, "陆": 6, "贰": 2,
}  # fmt: skip
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_TENS = {"廿": 20, "卅": 30}
_BIG = {"萬": 10**4, "万": 10**4, "億": 10**8, "亿": 10**8}

DIGIT_CHARS = "".join(_DIGITS)
UNIT_CHARS = "".join([*_SMALL, *_TENS, *_BIG])
ARABIC = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?"
# Atomic and possessive: a long run of digits has one reading, and failing after it must not try all the others.
NUMERAL = rf"(?:(?>{ARABIC})|[{DIGIT_CHARS}{UNIT_CHARS}])++"
_PIECE = re.compile(rf"{ARABIC}|[{DIGIT_CHARS}{UNIT_CHARS}]")


def value_of(text: str) -> Decimal | None:
    """The number that `text` (a whole match of NUMERAL) writes; None where it is no one number."""
    pieces = _PIECE.findall(text)
    if "".join(pieces) != text or not pieces:
        return None
    if all(p in _DIGITS for p in pieces):
        return Decimal("".join(str(_DIGITS[p]) for p in pieces))
    return _Sum().over(pieces)


class _Sum:
    """One pass from left to right. `last`: the unit before the pending digit; `zero`: a zero stood between."""

    def __init__(self) -> None:
        self.total = self.section = Decimal(0)
        self.pending: Decimal | None = None
        self.last, self.zero, self.single = 0, False, False

    def over(self, pieces: list[str]) -> Decimal | None:
        for piece in pieces:
            if not self._take(piece):
                return None
        tail = self.pending or Decimal(0)
        if self.last > 1 and self.single and not self.zero and tail:
            tail *= Decimal(self.last) / 10
        return self.total + self.section + tail

    def _take(self, piece: str) -> bool:
        if piece in _SMALL:
            self._unit(_SMALL[piece])
        elif piece in _BIG:
            self._over(_BIG[piece])
        elif piece in _TENS:
            self.section, self.last, self.pending = self.section + _TENS[piece], 10, None
        else:
            return self._digit(piece)
        return True

    def _digit(self, piece: str) -> bool:
        if self.pending is not None and self.pending != 0:
            return False  # two numbers side by side
        self.zero = self.zero or _DIGITS.get(piece) == 0
        self.pending = Decimal(_DIGITS[piece]) if piece in _DIGITS else Decimal(piece.replace(",", ""))
        self.single = piece in _DIGITS or (len(piece) == 1)
        if self.pending == 0 and piece in _DIGITS:
            self.pending = None
        return True

    def _unit(self, unit: int) -> None:
        self.section += (Decimal(1) if self.pending is None else self.pending) * unit
        self._after(unit)

    def _over(self, unit: int) -> None:
        over = self.section + (self.pending or 0)
        over = over if over or self.total else Decimal(1)
        if unit > 10**4:
            self.total = (self.total + over) * unit
        else:
            self.total += over * unit
        self.section = Decimal(0)
        self._after(unit)

    def _after(self, unit: int) -> None:
        self.pending, self.last, self.zero, self.single = None, unit, False, False

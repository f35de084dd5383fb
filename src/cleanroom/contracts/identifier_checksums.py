"""Check digits of identifiers, one rule in one place: who hashes identifiers and who looks for leaked ones ask here.

Sources: national id and resident certificates, Ministry of the Interior (letters A=10 .. Z=33, weights 1 9 8 7 6 5 4 3
2 1 1, sum divisible by 10; resident certificates since 2021 have 8 or 9 in second place, older ones a letter A-D that
counts by its last digit); business number, Ministry of Finance (weights 1 2 1 2 1 2 4 1, digit sums, divisible by 5
since 2023-04, and a 7 in seventh place may count as 0 or 1); payment cards, ISO/IEC 7812-1 annex B (Luhn).
"""

import re

NATIONAL_ID = re.compile(r"[A-Z][1289A-D][0-9]{8}")
BUSINESS_NO = re.compile(r"[0-9]{8}")
CARD = re.compile(r"[0-9]{13,19}")

_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # in the order of their numbers: A is 10, O is 35
_ID_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
_BUSINESS_WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)


def national_id_holds(text: str) -> bool:
    """Of a national id or a resident certificate of either form, in plain capitals and digits."""
    if not NATIONAL_ID.fullmatch(text):
        return False
    number = _letter_number(text[0])
    second = _letter_number(text[1]) % 10 if text[1].isalpha() else int(text[1])
    digits = (number // 10, number % 10, second, *(int(c) for c in text[2:]))
    return sum(d * w for d, w in zip(digits, _ID_WEIGHTS, strict=True)) % 10 == 0


def business_no_holds(text: str) -> bool:
    """Of eight plain digits."""
    if not BUSINESS_NO.fullmatch(text):
        return False
    total = sum(sum(divmod(int(c) * w, 10)) for c, w in zip(text, _BUSINESS_WEIGHTS, strict=True))
    # 7 x 4 = 28, 2 + 8 = 10: the law lets that 10 count as 1 or as 0; modulo 5 the second is the plain sum.
    return total % 5 == 0 or (text[6] == "7" and (total + 1) % 5 == 0)


def card_holds(text: str) -> bool:
    """Of 13 to 19 plain digits: from the right every second one doubled, digit sums, divisible by 10."""
    if not CARD.fullmatch(text):
        return False
    doubled = (int(c) * (1 + place % 2) for place, c in enumerate(reversed(text)))
    return sum(sum(divmod(d, 10)) for d in doubled) % 10 == 0


def _letter_number(letter: str) -> int:
    return 10 + _LETTERS.index(letter)

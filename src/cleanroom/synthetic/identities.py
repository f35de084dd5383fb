"""Identifiers that pass their checksums and belong to nobody.

National ids take the letter Y, which has not been given out since the 1970s, with serial numbers far above what it
reached; business numbers begin with 99; accounts and phones are drawn at random.
Checksums: as in cleanroom.crypto.identifiers, written again here from the other end, to make numbers.
"""

import numpy as np

_Y_DIGITS = (3, 1)  # the letter Y counts as 31
_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1)
_BUSINESS_WEIGHTS = (1, 2, 1, 2, 1, 2, 4)
_SERIALS = 1_000_000


def national_id(serial: int, sex: int) -> str:
    """`serial` below a million, `sex` 1 or 2."""
    digits = [sex, 9, *(int(c) for c in f"{serial:06d}")]
    total = sum(d * w for d, w in zip((*_Y_DIGITS, *digits), _WEIGHTS, strict=True))
    return "Y" + "".join(map(str, digits)) + str(-total % 10)


def business_no(serial: int) -> str:
    """`serial` below 10,000. The last digit is the one that makes the sum divisible by 5 (a 7 in seventh place is
    avoided: it has a rule of its own)."""
    digits = [9, 9, *(int(c) for c in f"{serial:04d}"), serial % 7]
    total = sum(sum(divmod(d * w, 10)) for d, w in zip(digits, _BUSINESS_WEIGHTS, strict=True))
    return "".join(map(str, digits)) + str(-total % 5 + 5 * (serial % 2))


def national_ids(rng: np.random.Generator, count: int) -> list[str]:
    serials = rng.choice(_SERIALS, size=count, replace=False)
    sexes = rng.integers(1, 3, size=count)
    return [national_id(int(n), int(s)) for n, s in zip(serials, sexes, strict=True)]


def account_numbers(rng: np.random.Generator, count: int) -> np.ndarray:
    """Distinct 12-digit texts."""
    return np.char.mod("%d", _distinct(rng, count, 10**11, 10**12))


def phones(rng: np.random.Generator, count: int) -> np.ndarray:
    """Distinct mobile numbers in E.164."""
    return np.char.add("+8869", np.char.zfill(np.char.mod("%d", _distinct(rng, count, 0, 10**8)), 8))


def devices(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.char.mod("dev-%012x", _distinct(rng, count, 0, 2**48))


def _distinct(rng: np.random.Generator, count: int, low: int, high: int) -> np.ndarray:
    """Distinct integers in no order; drawing twice as many makes running short practically impossible."""
    found = np.unique(rng.integers(low, high, size=2 * count + 16))
    return rng.permutation(found)[:count]

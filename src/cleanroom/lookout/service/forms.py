"""What is wrong with a body, in a sentence that names the place and what belongs there, never what stood there.

The library that reads the body has words of its own, and now and then quotes the caller's; each is known here by how
it begins. What a later version of it says otherwise is still refused, with less detail.
"""

import re
from collections.abc import Callable

from cleanroom.vocabulary.both import Both

_AT = re.compile(r" - at `\$\.?([\w.\[\]]*)`$")
_KINDS = {
    "int": Both("a whole number", "整數"),
    "float": Both("a number", "數字"),
    "str": Both("text", "文字"),
    "bool": Both("true or false", "true 或 false"),
    "datetime": Both("a moment", "時刻"),
    "object": Both("an object", "物件"),
    "array": Both("a list", "清單"),
    "null": Both("null", "null"),
}
_OTHER_KIND = Both("of another type", "其他型別")
_SIDES = {
    ">=": Both("at least", "至少為"),
    "<=": Both("at most", "至多為"),
    ">": Both("above", "大於"),
    "<": Both("below", "小於"),
}


def _kind(found: re.Match) -> Both:
    kinds = [_KINDS.get(name, _OTHER_KIND) for name in found[1].split(" | ")]
    return Both("must be " + " or ".join(k.en for k in kinds), "須為" + "或".join(k.zh_hant for k in kinds))


def _length(found: re.Match) -> Both:
    side, number = _SIDES[found[1]], int(found[2])
    return Both(f"must have a length of {side.en} {number:,}", f"長度須{side.zh_hant} {number:,}")


def _bound(found: re.Match) -> Both:
    side, number = _SIDES[found[1]], float(found[2])
    return Both(f"must be {side.en} {number:,.16g}", f"須{side.zh_hant} {number:,.16g}")


def _always(en: str, zh_hant: str) -> Callable[[re.Match], Both]:
    return lambda _: Both(en, zh_hant)


_SAYINGS: tuple[tuple[re.Pattern, Callable[[re.Match], Both]], ...] = tuple(
    (re.compile(pattern), say)
    for pattern, say in (
        ("Object missing", _always("is missing", "未提供")),
        (
            "Object contains unknown",
            _always(
                "holds a field that this call does not know; /openapi.json names all",
                "有此功能不識之欄位；請參閱 /openapi.json",
            ),
        ),
        (
            "Invalid enum",
            _always(
                "is a word that this call does not know; /openapi.json names all",
                "為此功能不識之用語；請參閱 /openapi.json",
            ),
        ),
        ("Expected `str` matching regex", _always("must be 32 hex digits in lower case", "須為 32 位小寫十六進位")),
        (
            "Expected `datetime` with|Invalid RFC3339",
            _always("must be a moment with its zone, as RFC 3339 writes it", "須為附時區之時刻，如 RFC 3339 所定"),
        ),
        (r"Expected `array` of length (>=|<=) (\d+)", _length),
        (r"Expected `(?:int|float)` (>=|<=|>|<) ([\d.]+)", _bound),
        ("Number out of range", _always("is out of range", "超出範圍")),
        (r"Expected `([a-z |]+)`", _kind),
    )
)
_FIELD = re.compile(r"Object missing required field `(\w+)`")


def place_of(said: str) -> str | None:
    """The field, as `rule.layers`, of our own words; None for the body itself. Of an unknown field: the object that
    holds it."""
    at = _AT.search(said)
    place = at[1] if at else ""
    if missing := _FIELD.match(said):
        place = f"{place}.{missing[1]}".lstrip(".")
    return place or None


def sentence_of(said: str) -> Both:
    """`said`: by the library, of JSON that has another form."""
    place = place_of(said)
    subject = Both(place, f"{place} ") if place else Both("the body", "請求內容")
    for pattern, say in _SAYINGS:
        if found := pattern.match(said):
            return _of(subject, say(found))
    return _of(subject, Both("does not have the agreed form; see /openapi.json", "不符約定格式；請參閱 /openapi.json"))


def _of(subject: Both, said: Both) -> Both:
    return Both(f"{subject.en} {said.en}", f"{subject.zh_hant}{said.zh_hant}")

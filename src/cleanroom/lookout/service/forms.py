"""What is wrong with a body, in a sentence that names the place and what belongs there, never what stood there.

The library that reads the body has words of its own, and now and then quotes the caller's; each is known here by how
it begins. What a later version of it says otherwise is still refused, with less detail.
"""

import re
from collections.abc import Callable

_AT = re.compile(r" - at `\$\.?([\w.\[\]]*)`$")
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "datetime": "a moment",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_SIDES = {">=": "at least", "<=": "at most", ">": "above", "<": "below"}


def _kind(found: re.Match) -> str:
    return "must be " + " or ".join(_KINDS.get(name, "of another type") for name in found[1].split(" | "))


_SAYINGS: tuple[tuple[re.Pattern, Callable[[re.Match], str]], ...] = tuple(
    (re.compile(pattern), say)
    for pattern, say in (
        ("Object missing", lambda _: "is missing"),
        ("Object contains unknown", lambda _: "holds a field that this call does not know; /openapi.json names all"),
        ("Invalid enum", lambda _: "is a word that this call does not know; /openapi.json names all"),
        ("Expected `str` matching regex", lambda _: "must be 32 hex digits in lower case"),
        ("Expected `datetime` with|Invalid RFC3339", lambda _: "must be a moment with its zone, as RFC 3339 writes it"),
        (r"Expected `array` of length (>=|<=) (\d+)", lambda m: f"must have a length of {_SIDES[m[1]]} {int(m[2]):,}"),
        (r"Expected `(?:int|float)` (>=|<=|>|<) ([\d.]+)", lambda m: f"must be {_SIDES[m[1]]} {float(m[2]):,.16g}"),
        ("Number out of range", lambda _: "is out of range"),
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


def sentence_of(said: str) -> str:
    """`said`: by the library, of JSON that has another form."""
    subject = place_of(said) or "the body"
    for pattern, say in _SAYINGS:
        if found := pattern.match(said):
            return f"{subject} {say(found)}"
    return f"{subject} does not have the agreed form; see /openapi.json"

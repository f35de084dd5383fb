"""Columns of text to typed columns, by the field's rule; what does not fit becomes a finding, never a guess."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.manifest import Source
from cleanroom.contracts.specification import Field
from cleanroom.sealing import times
from cleanroom.sealing.findings import Findings

_BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "y": True, "n": False}
_OTHER_NUMBERS = r"\p{No}"
_CONTROL = r"[\x00-\x1f\x7f]"
_DECIMAL = r"^(?P<whole>[0-9]{1,16})(?:\.(?P<cents>[0-9]{1,2}))?$"
_INTEGER = r"^-?[0-9]{1,18}$"


def fold(text: pa.Array) -> pa.Array:
    """Full-width forms to plain ones (NFKC), trimmed; empty becomes null.

    A text with a raised, circled or broken number stays as it is and fits no form: NFKC would read 10² as 102.
    """
    if not pc.all(pc.string_is_ascii(text), min_count=0).as_py():
        odd = pc.match_substring_regex(text, _OTHER_NUMBERS)
        text = pc.if_else(odd, text, pc.utf8_normalize(text, form="NFKC"))
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def typed(spec: Field, text: pa.Array, source: Source, findings: Findings, *, gregorian: bool) -> pa.Array:
    """One folded column in the type that `contracts.tables.clear_schema` gives it; nulls where the value was bad."""
    if spec.required:
        findings.add("required", spec.name, pc.is_null(text))
    if spec.is_identifier:
        return text
    values = _parse(spec, text, source, gregorian)
    findings.add(_form_rule(spec), spec.name, pc.and_(pc.is_valid(text), pc.is_null(values)), text)
    _check_limits(spec, values, findings)
    return values


def _parse(spec: Field, text: pa.Array, source: Source, gregorian: bool) -> pa.Array:
    if spec.physical_type in ("timestamp", "date"):
        calendar = "gregorian" if gregorian else source.calendar
        if spec.physical_type == "date":
            return times.dates(text, calendar)
        return times.timestamps(text, calendar, source.timezone)
    return _PARSERS[spec.physical_type.partition("(")[0]](text, spec)


def _text(text: pa.Array, spec: Field) -> pa.Array:
    good = pc.invert(pc.match_substring_regex(text, _CONTROL))
    if spec.max_length:
        good = pc.and_(good, pc.less_equal(pc.utf8_length(text), spec.max_length))
    if spec.pattern:
        good = pc.and_(good, pc.match_substring_regex(text, spec.pattern))
    if spec.enum:
        good = pc.and_(good, pc.is_in(text, value_set=pa.array(spec.enum, pa.string())))
    return _where(good, text)


def _boolean(text: pa.Array, spec: Field) -> pa.Array:
    index = pc.index_in(pc.utf8_lower(text), value_set=pa.array(_BOOLEANS, pa.string()))
    return pa.array(_BOOLEANS.values(), pa.bool_()).take(index)


def _cents(text: pa.Array, spec: Field) -> pa.Array:
    parts = pc.extract_regex(text, _DECIMAL)
    whole, cents = pc.struct_field(parts, "whole"), pc.struct_field(parts, "cents")
    # "7784.5" is 50 cents: padded to the right.
    cents = pc.cast(pc.utf8_rpad(cents, width=2, padding="0"), pa.int64())
    return pc.add(pc.multiply(pc.cast(whole, pa.int64()), 100), cents)


def _integer(text: pa.Array, spec: Field) -> pa.Array:
    return pc.cast(_where(pc.match_substring_regex(text, _INTEGER), text), pa.int64())


_PARSERS: dict[str, Callable[[pa.Array, Field], pa.Array]] = {
    "text": _text,
    "boolean": _boolean,
    "decimal": _cents,
    "integer": _integer,
}


def _check_limits(spec: Field, values: pa.Array, findings: Findings) -> None:
    scale = 100 if spec.physical_type.startswith("decimal") else 1
    if spec.exclusive_minimum is not None:
        limit = int(spec.exclusive_minimum * scale)
        findings.add("exclusive_minimum", spec.name, pc.less_equal(values, limit), values)
    if spec.minimum is not None:
        findings.add("minimum", spec.name, pc.less(values, int(spec.minimum * scale)), values)


def _form_rule(spec: Field) -> str:
    if spec.enum:
        return "one_of"
    return f"{spec.physical_type.partition('(')[0]}_form"


def _where(good: pa.Array, values: pa.Array) -> pa.Array:
    return pc.if_else(pc.fill_null(good, False), values, pa.scalar(None, values.type))

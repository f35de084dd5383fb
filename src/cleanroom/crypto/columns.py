"""Identifier columns: canonicalise and hash the *distinct* values of a column, then put them back in row order.

A column of ten million rows holds perhaps half a million identifiers; the keyed hash is paid once for each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.specification import Field
from cleanroom.crypto.identifiers import canonical
from cleanroom.errors import MalformedRows
from cleanroom.vocabulary.terms import IdentifierKind

_SEPARATOR = "\x1f"  # stands in no folded identifier: control characters are refused

_KINDS = frozenset(kind.value for kind in IdentifierKind)

HashOfKind = Callable[[str, list], list]


@dataclass(frozen=True)
class CanonicalColumn:
    """`values`: canonical text, null where the raw value was null or bad. `rules`: the rule a row breaks, else null."""

    values: pa.Array
    rules: pa.Array


def kinds_of(spec: Field, rows: pa.Table) -> pa.Array:
    """The identifier kind of each row of an identifier column, null where the kind column holds none that is known."""
    if spec.identifier:
        return pa.repeat(pa.scalar(spec.identifier, pa.string()), rows.num_rows)
    encoded = _encode(rows[spec.identifier_kind_column])
    kinds = [spec.identifier_kind_of(value) for value in encoded.dictionary.to_pylist()]
    known = [kind if kind in _KINDS else None for kind in kinds]
    return pa.array(known, pa.string()).take(encoded.indices)


def canonical_column(kinds: pa.Array, institutions: pa.Array, raw: pa.Array) -> CanonicalColumn:
    """All three of equal length; `institutions` may hold nulls where no account is meant; null `raw` stays null."""
    joined = pc.binary_join_element_wise(
        pc.fill_null(kinds, ""), pc.fill_null(institutions, ""), raw, _SEPARATOR, null_handling="emit_null"
    )
    encoded = _encode(joined)
    answers = [_canonical_or_rule(key) for key in encoded.dictionary.to_pylist()]
    values = pa.array([a[0] for a in answers], pa.string()).take(encoded.indices)
    rules = pa.array([a[1] for a in answers], pa.string()).take(encoded.indices)
    return CanonicalColumn(values, rules)


def hash_column(kinds: pa.Array, values: pa.Array, hash_of_kind: HashOfKind, result: pa.DataType) -> pa.Array:
    """`hash_of_kind(kind, distinct values)` once per kind; the answers in row order, null where `values` is null."""
    encoded, answer = _encode(values), pa.nulls(len(values), result)
    for kind in pc.unique(kinds).drop_null().to_pylist():
        mask = pc.fill_null(pc.equal(kinds, kind), False)
        used = pc.unique(encoded.indices.filter(mask).drop_null())
        hashed = hash_of_kind(kind, encoded.dictionary.take(used).to_pylist())
        by_index = _scatter(hashed, used, len(encoded.dictionary), result)
        answer = pc.if_else(mask, by_index.take(encoded.indices), answer)
    return answer


def _scatter(hashed: Sequence, used: pa.Array, size: int, result: pa.DataType) -> pa.Array:
    slots: list = [None] * size
    for position, value in zip(used.to_pylist(), hashed, strict=True):
        slots[position] = value
    return pa.array(slots, result)


def _encode(column: pa.Array) -> pa.DictionaryArray:
    encoded = column.dictionary_encode()
    return encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded


def _canonical_or_rule(key: str | None) -> tuple[str | None, str | None]:
    if key is None:
        return None, None
    kind, institution, raw = key.split(_SEPARATOR, 2)
    try:
        return canonical(kind, raw, institution=institution or None), None
    except MalformedRows as e:
        return None, e.rule

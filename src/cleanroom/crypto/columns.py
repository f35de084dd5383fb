"""Identifier columns: canonicalise and hash *distinct* values, then put them back in row order.

A batch of 250,000 transfers holds half a million account numbers and far fewer accounts, and the people who send are
the people who receive: the keyed hash is paid once for each identifier of a kind, whatever columns it stands in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.specification import Field
from cleanroom.crypto.identifiers import ACCOUNT_DIGITS, ACCOUNT_SHORTEST, INSTITUTION_DIGITS, canonical
from cleanroom.errors import MalformedRows
from cleanroom.vocabulary.terms import IdentifierKind

_KINDS = frozenset(kind.value for kind in IdentifierKind)

HashOfKind = Callable[[str, list], Sequence]
"""(kind, distinct values) -> one answer for each, in order."""


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


# --- canonical text -----------------------------------------------------------------------------------------------


def canonical_column(kinds: pa.Array, institutions: pa.Array, raw: pa.Array) -> CanonicalColumn:
    """All three of equal length; `institutions` may hold nulls where no account is meant; null `raw` stays null.

    Equal to `identifiers.canonical` on every row. Accounts in their plain spelling, which is nearly all of them,
    never become Python text; every other distinct value does, once.
    """
    plain = _plain_accounts(kinds, institutions, raw)
    if pc.all(plain, min_count=0).as_py():
        return CanonicalColumn(_padded(institutions, raw), pa.nulls(len(raw), pa.string()))
    values, rules = _one_by_one(kinds, institutions, pc.if_else(plain, pa.scalar(None, pa.string()), raw))
    return CanonicalColumn(pc.if_else(plain, _padded(institutions, raw), values), rules)


def _plain_accounts(kinds: pa.Array, institutions: pa.Array, raw: pa.Array) -> pa.Array:
    """Rows whose raw text is an account number as the specification writes it: ASCII digits and nothing else."""
    digits = pc.and_(pc.ascii_is_decimal(raw), pc.ascii_is_decimal(institutions))
    length, code_length = pc.binary_length(raw), pc.binary_length(institutions)
    fits = pc.and_(pc.greater_equal(length, ACCOUNT_SHORTEST), pc.less_equal(length, ACCOUNT_DIGITS))
    fits = pc.and_(fits, pc.equal(code_length, INSTITUTION_DIGITS))
    account = pc.equal(kinds, IdentifierKind.ACCOUNT.value)
    return pc.fill_null(pc.and_(account, pc.and_(digits, fits)), False)


def _padded(institutions: pa.Array, raw: pa.Array) -> pa.Array:
    padded = pc.ascii_lpad(raw, ACCOUNT_DIGITS, "0")
    return pc.binary_join_element_wise(institutions, padded, "", null_handling="emit_null")


def _one_by_one(kinds: pa.Array, institutions: pa.Array, raw: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Each distinct triple is asked once. A triple is told by the places of its parts in their dictionaries."""
    parts = [_encode(pc.fill_null(kinds, "")), _encode(pc.fill_null(institutions, "")), _encode(raw)]
    triples = _encode(_places(parts))
    answers = [_canonical_or_rule(*triple) for triple in _spelled(parts, triples.dictionary)]
    values, rules = (pa.array([answer[i] for answer in answers], pa.string()) for i in (0, 1))
    return values.take(triples.indices), rules.take(triples.indices)


def _places(parts: Sequence[pa.DictionaryArray]) -> pa.Array:
    """One number for each row: the places of its parts as digits of a mixed radix. Null where a part is null."""
    place = pa.scalar(0, pa.int64())
    for part in parts:
        place = pc.add(pc.multiply(place, len(part.dictionary)), part.indices.cast(pa.int64()))
    return place


def _spelled(parts: Sequence[pa.DictionaryArray], places: pa.Array) -> Iterable[tuple[str, ...]]:
    columns = []
    for part in reversed(parts):
        size = pa.scalar(max(len(part.dictionary), 1), pa.int64())
        rest = pc.divide(places, size)
        columns.append(part.dictionary.take(pc.subtract(places, pc.multiply(rest, size))).to_pylist())
        places = rest
    return zip(*reversed(columns), strict=True)


def _canonical_or_rule(kind: str, institution: str, raw: str) -> tuple[str | None, str | None]:
    try:
        return canonical(kind, raw, institution=institution or None), None
    except MalformedRows as e:
        return None, e.rule


# --- hashes -------------------------------------------------------------------------------------------------------


def hash_columns(
    columns: Mapping[str, tuple[pa.Array, pa.Array]], hash_of_kind: HashOfKind, result: pa.DataType
) -> dict[str, pa.Array]:
    """`columns`: name -> (kinds, values), each pair of equal length. `hash_of_kind` is asked once for each kind, with
    the distinct values of all columns together. The answers are of type `result`, in row order, null where the value
    or its kind is null."""
    answers = {name: pa.nulls(len(values), result) for name, (_, values) in columns.items()}
    for kind in _kinds_in(columns):
        chosen = {name: _of_kind(kind, kinds, values) for name, (kinds, values) in columns.items()}
        for name, hashed in _hash_distinct(kind, chosen, hash_of_kind, result).items():
            answers[name] = hashed if answers[name].null_count == len(hashed) else pc.coalesce(answers[name], hashed)
    return answers


def hash_column(kinds: pa.Array, values: pa.Array, hash_of_kind: HashOfKind, result: pa.DataType) -> pa.Array:
    """`hash_columns` of a single column."""
    return hash_columns({"": (kinds, values)}, hash_of_kind, result)[""]


def _kinds_in(columns: Mapping[str, tuple[pa.Array, pa.Array]]) -> list[str]:
    """In order of first appearance."""
    found = [kind for kinds, _ in columns.values() for kind in pc.unique(kinds).drop_null().to_pylist()]
    return list(dict.fromkeys(found))


def _of_kind(kind: str, kinds: pa.Array, values: pa.Array) -> pa.Array:
    """The values of one kind, null in every other row."""
    return pc.if_else(pc.fill_null(pc.equal(kinds, kind), False), values, pa.scalar(None, values.type))


def _hash_distinct(
    kind: str, chosen: Mapping[str, pa.Array], hash_of_kind: HashOfKind, result: pa.DataType
) -> dict[str, pa.Array]:
    encoded = pa.chunked_array(list(chosen.values())).dictionary_encode()  # one dictionary for all chunks
    distinct = encoded.chunk(0).dictionary.to_pylist()
    hashed = pa.array(hash_of_kind(kind, distinct), result) if distinct else pa.nulls(0, result)
    if len(hashed) != len(distinct):
        raise ValueError("a hash must answer every value that it is asked")
    return {name: hashed.take(chunk.indices) for name, chunk in zip(chosen, encoded.chunks, strict=True)}


def _encode(column: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    encoded = column.dictionary_encode()
    return encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded

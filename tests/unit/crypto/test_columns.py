import hashlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.contracts.specification import load_specification
from cleanroom.crypto.columns import canonical_column, hash_column, hash_columns, kinds_of
from cleanroom.crypto.identifiers import canonical
from cleanroom.errors import MalformedRows
from cleanroom.vocabulary.terms import IdentifierKind

SPELLINGS = st.one_of(
    st.sampled_from(
        ["123456", "0123456", "12", "", None, "１２３４５６", "A123456789", " 123456", "²34567", "١٢٣٤٥٦", "1" * 17]
    ),
    st.text("0123456789", max_size=18),
    st.text("0123456789 ０１\u3000\x1f\n-", max_size=18),
)
KINDS = st.sampled_from([*(kind.value for kind in IdentifierKind), None])
CODES = st.sampled_from(["808", "８０８", " 808", "80", "8080", "8x8", "808\x1f", "8\x1f08", "", None])


@settings(deadline=None)  # the first call imports
@given(st.lists(st.tuples(KINDS, CODES, SPELLINGS), max_size=30))
def test_a_column_is_what_its_values_are_one_by_one(cells):
    kinds, codes, raw = (pa.array([c[i] for c in cells], pa.string()) for i in range(3))
    column = canonical_column(kinds, codes, raw)
    expected = [one_by_one(*cell) for cell in cells]
    assert list(zip(column.values.to_pylist(), column.rules.to_pylist(), strict=True)) == expected


@settings(deadline=None)
@given(st.lists(st.text("0123456789", min_size=6, max_size=16), min_size=1, max_size=30))
def test_a_column_of_plain_accounts_is_what_its_values_are_one_by_one(numbers):
    kinds, codes = pa.repeat("account", len(numbers)), pa.repeat("808", len(numbers))
    column = canonical_column(kinds, codes, pa.array(numbers))
    assert column.values.to_pylist() == [canonical("account", n, institution="808") for n in numbers]
    assert column.rules.null_count == len(numbers)


def one_by_one(kind, code, raw):
    if raw is None:
        return None, None
    try:
        return canonical(kind or "", raw, institution=code), None
    except MalformedRows as e:
        return None, e.rule


def test_each_distinct_value_is_hashed_once_per_kind():
    asked = []

    def hashing(kind, values):
        asked.append((kind, sorted(values)))
        return [f"{kind}:{v}" for v in values]

    kinds = pa.array(["phone", "email", "phone", "phone", None])
    values = pa.array(["1", "1", "1", None, "2"])
    hashed = hash_column(kinds, values, hashing, pa.string())
    assert hashed.to_pylist() == ["phone:1", "email:1", "phone:1", None, None]
    assert asked == [("phone", ["1"]), ("email", ["1"])]


def test_the_columns_of_a_batch_share_one_set_of_distinct_values():
    asked = []

    def hashing(kind, values):
        asked.append((kind, values))
        return [f"{kind}:{v}" for v in values]

    accounts, mixed = pa.repeat("account", 3), pa.array(["phone", "account", None])
    columns = {
        "sender": (accounts, pa.array(["1", "2", None])),
        "receiver": (accounts, pa.array(["2", "1", "3"])),
        "subject": (mixed, pa.array(["1", "3", "1"])),
    }
    hashed = hash_columns(columns, hashing, pa.string())
    assert {name: column.to_pylist() for name, column in hashed.items()} == {
        "sender": ["account:1", "account:2", None],
        "receiver": ["account:2", "account:1", "account:3"],
        "subject": ["phone:1", "account:3", None],
    }
    assert asked == [("account", ["1", "2", "3"]), ("phone", ["1"])]


CELLS = st.tuples(st.sampled_from(["account", "phone", None]), st.sampled_from([b"a", b"b", b"c", None]))


@settings(deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=20))
def test_together_or_one_by_one_is_the_same(rows):
    def hashing(kind, values):
        return [hashlib.sha256(kind.encode() + v).digest() for v in values]

    sides = {name: [row[i] for row in rows] for i, name in enumerate(["sender", "receiver"])}
    columns = {
        name: (pa.array([c[0] for c in cells], pa.string()), pa.array([c[1] for c in cells], pa.binary()))
        for name, cells in sides.items()
    }
    hashed = hash_columns(columns, hashing, pa.binary(32))
    for name, cells in sides.items():
        expected = [hashing(kind, [value])[0] if kind and value else None for kind, value in cells]
        assert hashed[name].to_pylist() == expected


def test_a_hash_that_forgets_a_value_is_noticed():
    with pytest.raises(ValueError, match="answer every value"):
        hash_column(pa.array(["phone", "phone"]), pa.array(["1", "2"]), lambda kind, values: ["x"], pa.string())


def test_an_empty_column_stays_empty():
    empty = pa.array([], pa.string())
    assert hash_column(empty, empty, lambda kind, values: [], pa.binary(32)).type == pa.binary(32)
    assert len(canonical_column(empty, empty, empty).values) == 0


def test_kinds_come_from_the_contract():
    contract = load_specification().datasets["list_events"]
    rows = pa.table({"subject_kind": pa.array(["account", "person", "ghost", None])})
    assert kinds_of(contract.field("subject"), rows).to_pylist() == ["account", "national_id", None, None]
    fixed = load_specification().datasets["contacts"].field("caller")
    assert kinds_of(fixed, rows).to_pylist() == ["phone"] * 4

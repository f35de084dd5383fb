import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.contracts.specification import load_specification
from cleanroom.crypto.columns import canonical_column, hash_column, kinds_of
from cleanroom.crypto.identifiers import canonical
from cleanroom.errors import MalformedRows

VALUES = st.sampled_from(["123456", "0123456", "12", "", None, "１２３４５６", "A123456789"])


@settings(deadline=None)  # the first call imports
@given(st.lists(st.tuples(st.sampled_from(["account", "national_id", None]), VALUES), max_size=30))
def test_a_column_is_what_its_values_are_one_by_one(cells):
    kinds = pa.array([c[0] for c in cells], pa.string())
    institutions = pa.array(["808" if c[0] == "account" else None for c in cells], pa.string())
    column = canonical_column(kinds, institutions, pa.array([c[1] for c in cells], pa.string()))
    expected = [one_by_one(kind, raw) for kind, raw in cells]
    assert list(zip(column.values.to_pylist(), column.rules.to_pylist(), strict=True)) == expected


def one_by_one(kind, raw):
    if raw is None:
        return None, None
    try:
        return canonical(kind or "", raw, institution="808" if kind == "account" else None), None
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

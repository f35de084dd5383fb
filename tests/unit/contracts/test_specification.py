"""The specification's files are read whole, and the table shapes follow from them."""

import pyarrow as pa
import pytest

from cleanroom.contracts.specification import load_specification
from cleanroom.contracts.tables import clear_schema, landed_schema, sealed_schema
from cleanroom.errors import SpecificationNotInForce
from cleanroom.vocabulary.terms import Dataset

SPECIFICATION = load_specification(1)


def test_every_dataset_is_specified_in_both_languages():
    assert set(SPECIFICATION.datasets) == set(Dataset)
    fields = [f for c in SPECIFICATION.datasets.values() for f in c.fields]
    assert len(fields) > 40
    assert all(f.description and f.description_zh for f in fields)


def test_an_unknown_version_is_refused():
    with pytest.raises(SpecificationNotInForce, match="version 2"):
        load_specification(2)


@pytest.mark.parametrize("dataset", list(Dataset))
def test_identifiers_are_clear_only_before_sealing(dataset):
    contract = SPECIFICATION.datasets[dataset]
    identifiers = {f.name for f in contract.fields if f.is_identifier}
    assert identifiers
    assert identifiers <= set(clear_schema(contract).names)
    assert not identifiers & set(sealed_schema(contract).names)
    assert not identifiers & set(landed_schema(contract).names)
    assert {f"{name}_t1" for name in identifiers} <= set(sealed_schema(contract).names)
    assert {f"{name}_token" for name in identifiers} <= set(landed_schema(contract).names)


@pytest.mark.parametrize("dataset", list(Dataset))
def test_money_is_whole_cents_and_never_a_float(dataset):
    contract = SPECIFICATION.datasets[dataset]
    for schema in (clear_schema(contract), sealed_schema(contract), landed_schema(contract)):
        assert not [f for f in schema if pa.types.is_floating(f.type)]
        assert all(f.type == pa.int64() for f in schema if f.name.endswith("_cents"))


def test_an_institution_code_is_three_ascii_digits_everywhere():
    codes = [f for c in SPECIFICATION.datasets.values() for f in c.fields if f.institution_code]
    assert {f.name for f in codes} == {"sender_institution", "receiver_institution"}
    assert {f.pattern for f in codes} == {"^[0-9]{3}$"}

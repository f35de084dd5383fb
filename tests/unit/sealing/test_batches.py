"""Files in batches: the same rows, numbers and findings however they are cut."""

import pickle
from functools import partial
from itertools import chain

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.contracts.manifest import Source
from cleanroom.contracts.specification import load_specification
from cleanroom.sealing import csv_files, parquet_files
from cleanroom.sealing.batches import TYPED, RawBatch, rebatched
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.reading import read_batches
from tests.factories.clean_room import HEADERS

CONTRACT = load_specification().datasets["contacts"]
HEADER = HEADERS["contacts"]
ROW = ["0912345678", "0987654321", "2025-04-05T08:00:00+08:00", "12", "call"]


def numbers_batch(values):
    return pa.record_batch({"n": pa.array(values, pa.int64())})


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=7), max_size=6), st.integers(1, 9))
def test_rebatched_rows_are_the_same_rows(batches, rows):
    given_batches = list(rebatched(map(numbers_batch, batches), rows=rows))
    assert [v for b in given_batches for v in b["n"].to_pylist()] == list(chain.from_iterable(batches))
    assert all(b.num_rows == rows for b in given_batches[:-1])
    assert all(0 < b.num_rows <= rows for b in given_batches)


def test_long_values_make_smaller_batches():
    long = [pa.record_batch({"t": pa.array(["x" * 1000] * 10)}) for _ in range(10)]
    sizes = [b.num_rows for b in rebatched(long, rows=100, most_bytes=25_000)]
    assert sum(sizes) == 100
    assert max(sizes) <= 30


def test_a_batch_travels_without_the_table_that_it_is_cut_from():
    schema = pa.schema([pa.field("text", pa.string(), metadata=TYPED)])
    whole = pa.record_batch([pa.array([f"value {n}" for n in range(100_000)])], schema=schema)
    raw = RawBatch(whole.slice(500, 10), pa.arange(501, 511), ragged=(3,), expected=7)
    packed = pickle.dumps(raw)
    assert len(packed) < 5_000
    unpacked = pickle.loads(packed)  # noqa: S301 - made a line above
    assert unpacked == raw
    assert unpacked.gregorian == {"text"}


def csv_file(folder, lines, encoding="utf-8"):
    path = folder / "contacts.csv"
    path.write_text("".join(f"{line}\n" for line in (",".join(HEADER), *lines)), encoding=encoding)
    return ClearFile("contacts", path, Source(format="csv", encoding=encoding, calendar="gregorian", timezone="UTC"))


def told(file):
    """Row number -> first cell, and the ragged rows, of all batches together."""
    batches = list(read_batches(file, CONTRACT))
    assert batches
    rows = [
        pair for b in batches for pair in zip(b.row_numbers.to_pylist(), b.columns["caller"].to_pylist(), strict=True)
    ]
    return rows, [n for b in batches for n in b.ragged]


LINES = st.lists(st.sampled_from([",".join(ROW), "short,row", "", ",,,,", '"09 1","x,\n""y",t,1,sms', "a,b,c,d,e,f"]))


@settings(deadline=None, max_examples=60)
@given(LINES, st.integers(1, 5))
def test_numbers_of_rows_do_not_depend_on_the_batch(tmp_path_factory, lines, rows):
    """Ragged rows are left out and keep their numbers; blank ones at the end are none, in the middle they are rows."""
    file = csv_file(tmp_path_factory.mktemp("csv"), lines)
    last = max((n for n, line in enumerate(lines, 1) if line.strip(",")), default=0)
    ragged = [n for n, line in enumerate(lines, 1) if line in ("short,row", "a,b,c,d,e,f")]
    cells = {",".join(ROW): ROW[0], "": "", ",,,,": ""}
    # A blank before a ragged row at the end is still at the end of what is read.
    last_read = max((n for n, line in enumerate(lines, 1) if line.strip(",") and n not in ragged), default=0)
    expected = [(n, cells.get(line, "09 1")) for n, line in enumerate(lines, 1) if n <= last_read and n not in ragged]
    assert last_read <= last
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_files, "rebatched", partial(rebatched, rows=rows))
        assert told(file) == (expected, ragged)


def test_many_blank_lines_in_the_middle_come_in_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_files, "BATCH_ROWS", 10)
    file = csv_file(tmp_path, [",".join(ROW), *[""] * 35, ",".join(ROW), *[""] * 35])
    batches = list(read_batches(file, CONTRACT))
    assert sum(b.columns.num_rows for b in batches) == 37
    assert [n for b in batches for n in b.row_numbers.to_pylist()] == list(range(1, 38))


@pytest.mark.parametrize("groups", [1, 3, 100])
def test_row_groups_and_batches_are_independent(tmp_path, monkeypatch, groups):
    monkeypatch.setattr(parquet_files, "rebatched", partial(rebatched, rows=7))
    table = pa.table({name: [f"{cell}-{n}" for n in range(100)] for name, cell in zip(HEADER, ROW, strict=True)})
    path = tmp_path / "contacts.parquet"
    pq.write_table(table, path, row_group_size=groups)
    source = Source(format="parquet", encoding=None, calendar="gregorian", timezone="UTC")
    batches = list(read_batches(ClearFile("contacts", path, source), CONTRACT))
    assert [b.columns.num_rows for b in batches] == [7] * 14 + [2]
    assert pa.Table.from_batches([b.columns for b in batches]) == table
    assert [n for b in batches for n in b.row_numbers.to_pylist()] == list(range(1, 101))
    assert {b.expected for b in batches} == {100}


def test_a_file_without_rows_is_one_empty_batch(tmp_path):
    [batch] = read_batches(csv_file(tmp_path, []), CONTRACT)
    assert (batch.columns.num_rows, batch.columns.schema.names) == (0, HEADER)

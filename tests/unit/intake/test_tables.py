"""Opened bytes that are no honest table: they are refused, and nothing is unpacked that is larger than its bounds."""

import io
import resource
import struct
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.contracts.manifest import Part
from cleanroom.errors import ContentTampered, Refusal, TooLarge
from cleanroom.intake import tables

SCHEMA = pa.schema(
    [
        pa.field("row_number", pa.int64(), nullable=False),
        pa.field("note", pa.string(), nullable=False),
        pa.field("account_t1", pa.binary(32), nullable=False),
    ]
)
MIB = 1024**2


def table(rows=100, note="x"):
    return pa.table([np.arange(1, rows + 1), [note] * rows, [bytes(32)] * rows], schema=SCHEMA)


def packed(rows, **options):
    sink = io.BytesIO()
    pq.write_table(rows, sink, **{"compression": "zstd", **options})
    return sink.getvalue()


def part(raw, rows=100):
    return Part(
        name="part-00000.parquet.age",
        rows=rows,
        plaintext_bytes=len(raw),
        plaintext_sha256="0" * 64,
        ciphertext_bytes=len(raw),
        ciphertext_sha256="0" * 64,
    )


def read(raw, rows=100):
    return tables.read_table(raw, part(raw, rows), SCHEMA)


def refused(kind, rule, raw, rows=100):
    with pytest.raises(kind) as caught:
        read(raw, rows)
    assert (type(caught.value), caught.value.rule, caught.value.where.file) == (kind, rule, "part-00000.parquet.age")


@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"compression": "snappy"}, {"row_group_size": 30},
                                     {"data_page_version": "2.0"}, {"data_page_size": 100}])  # fmt: skip
def test_honest_tables_of_several_writers_are_read(options):
    assert read(packed(table(), **options)).equals(table())


def test_a_table_without_rows_is_read():
    assert read(packed(table(0)), rows=0).num_rows == 0


# --- bombs --------------------------------------------------------------------------------------------------------


def test_a_zstd_bomb_is_refused_before_it_is_unpacked():
    raw = packed(table(rows=100, note="0" * 8 * MIB), use_dictionary=False)
    assert len(raw) < MIB, "a bomb is small"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(TooLarge, "unpacked_cap", raw)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024, "KiB"


def test_a_dictionary_bomb_is_refused_before_it_is_spread_out():
    """One long value, named a hundred times: 8 MiB of pages, 800 MiB of rows."""
    raw = packed(table(rows=100, note="0" * 8 * MIB), dictionary_pagesize_limit=64 * MIB)
    assert len(raw) < MIB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(TooLarge, "unpacked_cap", raw)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 128 * 1024, "KiB"


@pytest.mark.parametrize("codec", ["gzip", "brotli", "lz4"])
def test_another_packing_is_refused_whatever_it_would_unpack_to(codec):
    refused(ContentTampered, "parquet_codec", packed(table(note="0" * MIB), compression=codec))


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_encodings_by_which_few_bytes_are_many_values_are_refused(encoding):
    raw = packed(table(note="0" * MIB), use_dictionary=False, column_encoding={"note": encoding})
    refused(ContentTampered, "parquet", raw)


def test_a_page_that_unpacks_to_more_than_its_header_says_is_refused(monkeypatch):
    """The reader trusts the header for room and checks it after unpacking: the header is what must be bounded."""
    sizes = packed(table(note="0" * 50_000), use_dictionary=False, compression="zstd")
    honest = 100 * 50_004
    told = _zigzag(honest)
    place = sizes.index(told, 4)
    lying = sizes[:place] + _zigzag(honest - 64) + sizes[place + len(told) :]
    assert len(lying) == len(sizes)
    refused(ContentTampered, "parquet", lying)


def _zigzag(value):
    value, out = value << 1, b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


# --- shapes -------------------------------------------------------------------------------------------------------


def test_a_footer_that_is_larger_than_any_honest_one_is_refused():
    columns = pa.table({f"column_{number}": [1] for number in range(100_000)})
    refused(ContentTampered, "parquet", packed(columns), rows=1)


def test_a_footer_that_is_said_to_be_longer_than_the_file_is_refused():
    raw = packed(table())
    refused(ContentTampered, "parquet", raw[:-8] + struct.pack("<I", 10**6) + raw[-4:])


def test_another_number_of_rows_than_was_signed_is_refused():
    refused(ContentTampered, "rows", packed(table(99)))


def test_more_groups_than_anybody_needs_are_refused():
    refused(ContentTampered, "rows", packed(table(), row_group_size=1))


@pytest.mark.parametrize("raw", [b"", b"PAR1", b"PAR1PAR1", b"PAR1" + bytes(100) + b"PAR1", b"x" * 200])
def test_bytes_that_are_no_table_are_refused(raw):
    refused(ContentTampered, "parquet", raw)


@given(place=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_a_damaged_table_is_read_or_refused_and_nothing_else(place, value, cut):
    raw = bytearray(packed(table(20)))
    raw[place % len(raw)] = value
    raw = bytes(raw[: len(raw) - cut])
    with suppress(Refusal):
        assert read(raw, rows=20).num_rows == 20

"""Small parts that unpack to much: refused by their bounds before they are unpacked."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom import errors
from tests.factories.attacks import Attack, Side, attack
from tests.factories.refusing import refused_in_the_room
from tests.factories.tampering import with_column

MIB = 1024**2


def bomb(name, done, done_zh, means, *, refused=errors.TooLarge, rule="unpacked_cap"):
    return Attack(name, Side.INTAKE, done, done_zh, refused=refused, rule=rule, verb="submission.refused", means=means)


def written(rows: pa.Table, **options) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, **options)
    return sink.getvalue().to_pybytes()


def long_texts(rows: pa.Table) -> pa.Table:
    """Three texts of 180 MiB: 540 MiB that pack to some kilobytes."""
    return with_column(rows, "txn_id", ["x" * (180 * MIB)] * 3)


def one_text_many_times(rows: pa.Table) -> bytes:
    """A text of 1 MiB stands once in the dictionary, and 3,000 rows point to it: 3 GiB."""
    count = 3000
    many = pa.concat_tables([rows.slice(0, 1)] * count).combine_chunks()
    many = with_column(many, "row_number", list(range(1, count + 1)))
    position = many.schema.get_field_index("txn_id")
    text = pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array(["x" * MIB]))
    stored = many.schema.field(position).with_type(text.type)
    return written(many.set_column(position, stored, text), store_schema=False)


def with_smaller_header(rows: pa.Table) -> bytes:
    """The first page's header says that it unpacks to 8 bytes; the number keeps its length, filled up."""
    raw = bytearray(written(long_texts(rows).slice(0, 3), compression="zstd", use_dictionary=False))
    size = pq.ParquetFile(pa.BufferReader(bytes(raw))).metadata.row_group(0).column(1)
    start = size.data_page_offset
    number = varint(2 * page_size(raw, start))
    at = raw.index(number, start, start + 40)
    raw[at : at + len(number)] = bytes([0x80 | 16, *[0x80] * (len(number) - 2), 0])
    return bytes(raw)


def page_size(raw: bytearray, start: int) -> int:
    """The unpacked size in the page header: its second field, after the byte that begins it (Thrift, compact)."""
    at = start + 3  # field 1: head, type 0; head of field 2
    value = shift = 0
    while True:
        value |= (raw[at] & 0x7F) << shift
        if raw[at] < 0x80:
            return value // 2
        at, shift = at + 1, shift + 7


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


@attack(
    bomb(
        "zstd bomb", "540 MiB of one letter, packed to some kilobytes", "540 MiB 相同字元之 zstd 壓縮彈",
        lambda rows: written(long_texts(rows), compression="zstd", use_dictionary=False),
    ),
    bomb(
        "snappy bomb", "540 MiB of one letter, packed with Snappy", "540 MiB 相同字元之 Snappy 壓縮彈",
        lambda rows: written(long_texts(rows), compression="snappy", use_dictionary=False),
    ),
    bomb(
        "dictionary bomb", "a text of 1 MiB to which 3,000 rows point", "1 MiB 文字由 3,000 列重複參照",
        one_text_many_times,
    ),
    bomb(
        "page header that lies", "a page says that it unpacks to 8 bytes, and takes 540 MiB", "資料頁標頭謊報大小",
        with_smaller_header, refused=errors.ContentTampered, rule="parquet",
    ),
    bomb(
        "gzip bomb in a table", "pages packed with gzip, which nobody agreed on", "以未約定之 gzip 壓縮資料頁",
        lambda rows: written(rows, compression="gzip"), refused=errors.ContentTampered, rule="parquet_codec",
    ),
    bomb(
        "gzip bomb instead of a table", "a gzip file of a gibibyte of zeros", "以 1 GiB 零值之 gzip 檔冒充資料表",
        lambda rows: b"".join(gzip.compress(bytes(64 * MIB)) for _ in range(16)),
        refused=errors.ContentTampered, rule="parquet",
    ),
)  # fmt: skip
@pytest.mark.slow
def test_a_bomb_is_refused_without_being_unpacked(case, waiting):
    rows = waiting.rows()
    content = case.means(rows)
    assert len(content) < 40 * MIB
    count = 3000 if case.means is one_text_many_times else 3
    waiting.replace_rows(lambda _: content, rows=count)
    part = waiting.signed.manifest.parts[0].model_copy(update={"rows": count})
    waiting.sign_again(parts=(part,), rows=count)
    before = reset_peak()
    refused_in_the_room(case, waiting)
    assert peak() - before < 256 * MIB, "more was unpacked than a bound allows"


def reset_peak() -> int:
    """Resident memory now, in bytes; the peak is reckoned from here on (Linux, proc(5): clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def peak() -> int:
    return _memory("VmHWM")


def _memory(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024

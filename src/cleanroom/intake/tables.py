"""An opened part becomes a table: only in the agreed shape, and never larger than its bounds, whatever it claims."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleanroom.contracts.manifest import PART_UNPACKED_CAP_BYTES, Part
from cleanroom.errors import CleanroomError, ContentTampered, TooLarge, Where
from cleanroom.intake.pages import Malformed, codecs_of, is_encrypted, pages_of

_MAGIC = b"PAR1"
_TRAILER_BYTES = 8  # footer length and magic
FOOTER_CAP_BYTES = 1024 * 1024
GROUPS_CAP = 64
CODECS = {0: "uncompressed", 1: "snappy", 6: "zstd"}  # parquet.thrift, CompressionCodec
_THRIFT = {"thrift_string_size_limit": FOOTER_CAP_BYTES, "thrift_container_size_limit": 10_000}


def read_table(plaintext: bytes, part: Part, schema: pa.Schema) -> pa.Table:
    """Rows of `schema`. Raises ContentTampered (parquet, parquet_codec, rows, schema) and TooLarge (unpacked_cap)."""
    try:
        file = _opened(plaintext, part)
        _check_footer(file, part, schema)
        if part.rows == 0:
            return schema.empty_table()  # nothing to unpack: its pages are not even looked at
        packed = _check_pages(file, plaintext, part)
        texts = [name for name in packed if _is_variable(schema.field(name).type)]
        # Values that stand in a dictionary stay there until their whole length is known.
        rows = _opened(plaintext, part, read_dictionary=texts).read()
        _check_expanded(rows, texts, part)
        rows = rows.cast(schema)
        rows.validate(full=True)
    except CleanroomError:
        raise
    except Exception:
        # For bytes that are no table the reader raises many unrelated kinds, whose texts may quote values of rows.
        raise _refused(
            part, "the opened bytes are not a Parquet table", "開啟後之內容非 Parquet 資料表", rule="parquet"
        ) from None
    return rows


def _opened(plaintext: bytes, part: Part, **options) -> pq.ParquetFile:
    length = int.from_bytes(plaintext[-_TRAILER_BYTES:-4], "little")
    if plaintext[-4:] != _MAGIC or length > min(FOOTER_CAP_BYTES, len(plaintext)):
        raise _refused(
            part, "the opened bytes are not a Parquet table", "開啟後之內容非 Parquet 資料表", rule="parquet"
        )
    footer = plaintext[-_TRAILER_BYTES - length : -_TRAILER_BYTES]
    if is_encrypted(footer):
        raise Malformed("a table that is encrypted once more")
    if not codecs_of(footer) <= set(CODECS):
        raise _refused(
            part, "the table is packed in a way that is not taken", "資料表之壓縮方式不予接受", rule="parquet_codec"
        )
    return pq.ParquetFile(pa.BufferReader(plaintext), pre_buffer=False, **_THRIFT, **options)


def _check_footer(file: pq.ParquetFile, part: Part, schema: pa.Schema) -> None:
    # Names, types, order, and which columns may be empty: a required Parquet column cannot hold empty values.
    if not file.schema_arrow.equals(schema, check_metadata=False) or file.metadata.num_columns != len(schema):
        raise _refused(part, "the columns are not those of the specification", "欄位與資料規格不同", rule="schema")
    if file.metadata.num_rows != part.rows or file.metadata.num_row_groups > GROUPS_CAP:
        raise _refused(part, "the table is not of the signed size", "資料表大小與所簽署者不同", rule="rows")


def _check_pages(file: pq.ParquetFile, plaintext: bytes, part: Part) -> set[str]:
    """Names of columns that have a dictionary somewhere."""
    metadata, unpacked, packed = file.metadata, 0, set()
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        if group.num_rows < 1:
            raise Malformed("a group without rows")
        for place, chunk in ((place, group.column(place)) for place in range(group.num_columns)):
            if chunk.path_in_schema != file.schema_arrow.names[place]:
                raise Malformed("a column under another name than the table's")
            values = 0
            for page in pages_of(plaintext, *_extent(chunk, len(plaintext))):
                unpacked += page.unpacked_bytes
                values += 0 if page.dictionary else page.values
                packed |= {chunk.path_in_schema} if page.dictionary else set()
                if unpacked > PART_UNPACKED_CAP_BYTES:
                    raise _too_large(part)
            if values != group.num_rows:
                raise Malformed("a column's pages hold another number of values than the table has rows")
    return packed


def _extent(chunk: pq.ColumnChunkMetaData, size: int) -> tuple[int, int]:
    """Where the reader will look for the column's pages. `size`: of the whole table."""
    starts = [chunk.data_page_offset]
    if chunk.has_dictionary_page and chunk.dictionary_page_offset:
        starts.append(chunk.dictionary_page_offset)
    start, length = min(starts), chunk.total_compressed_size
    if start < len(_MAGIC) or length < 0 or start + length > size - _TRAILER_BYTES:
        raise Malformed("a column lies outside the table")
    return start, start + length


def _check_expanded(rows: pa.Table, names: list[str], part: Part) -> None:
    total = 0
    for chunk in (chunk for name in names for chunk in rows[name].chunks):
        lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
        total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    if total > PART_UNPACKED_CAP_BYTES:
        raise _too_large(part)


def _is_variable(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_binary(kind)


def _too_large(part: Part) -> TooLarge:
    return TooLarge(
        f"the table unpacks to more than {PART_UNPACKED_CAP_BYTES} bytes; send it in smaller parts",
        zh=f"資料表展開後超過 {PART_UNPACKED_CAP_BYTES} 位元組；請分為較小之分割檔",
        where=Where(file=part.name),
        rule="unpacked_cap",
    )


def _refused(part: Part, sentence: str, zh: str, *, rule: str) -> ContentTampered:
    return ContentTampered(sentence, zh=zh, where=Where(file=part.name), rule=rule)

"""What a Parquet table will unpack to, reckoned before anything is unpacked.

Sizes in the footer are the sender's word. The reader itself unpacks page by page and takes each page's header at its
word: it makes room for the size that stands there and refuses a page that unpacks to another one. So the headers are
walked first, through every column to its last byte, and their sum is what the table can take. Encodings by which a
few bytes stand for many values of any length are refused; our own sealing writes none of them.

Format: Apache Parquet, "parquet.thrift" (PageHeader, FileMetaData), in Thrift's compact protocol.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DATA_PAGE, DICTIONARY_PAGE, DATA_PAGE_V2 = 0, 2, 3
PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY = 0, 2, 3, 8
ENCODINGS = frozenset({PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY})
_HEADERS = {DATA_PAGE: 5, DICTIONARY_PAGE: 7, DATA_PAGE_V2: 8}  # page type -> field of its own header
_ENCODING = {DATA_PAGE: 2, DICTIONARY_PAGE: 2, DATA_PAGE_V2: 4}  # page type -> field of the encoding in that header
_ROW_GROUPS, _ALGORITHM = 4, 8  # fields of FileMetaData: row_groups, encryption_algorithm
_COLUMNS = 1  # field of RowGroup
_ENCRYPTED = (8, 9)  # fields of ColumnChunk: crypto_metadata, encrypted_column_metadata
_METADATA, _CODEC = 3, 4  # meta_data of ColumnChunk; codec of that
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)
_DEEPEST, _LONGEST_LIST = 8, 1000


class Malformed(ValueError):
    """The bytes are no page headers, or of a kind that is not taken."""


@dataclass(frozen=True)
class Page:
    dictionary: bool
    values: int
    unpacked_bytes: int


def pages_of(table: bytes, start: int, end: int) -> Iterator[Page]:
    """The pages of one column, whose bytes are `table[start:end]`. Raises Malformed."""
    at = start
    while at < end:
        reader = _Reader(table, at, end)
        header = reader.struct()
        page = _page(header)
        at = reader.at + _size(header, 3)
        yield page
    if at != end:
        raise Malformed("a column's pages do not end where the column does")


def is_encrypted(footer: bytes) -> bool:
    """Whether a table with a readable footer is encrypted, or one of its columns. Asked for such a column, the library
    ends the process (ParquetException out of a function that may not throw). Raises Malformed."""
    file = _Reader(footer, 0, len(footer)).struct()
    groups = _structs(file.get(_ROW_GROUPS, []))
    chunks = [chunk for group in groups for chunk in _structs(group.get(_COLUMNS, []))]
    return _ALGORITHM in file or any(mark in chunk for chunk in chunks for mark in _ENCRYPTED)


def _structs(value: Any) -> list[dict[int, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Malformed("a footer of another form")
    return value


def codecs_of(footer: bytes) -> set[int]:
    """How the columns are packed (CompressionCodec), as the footer says. Asked here and not of the library: for a
    number that nobody gave a meaning, it ends the process as well. Raises Malformed."""
    groups = _structs(_Reader(footer, 0, len(footer)).struct().get(_ROW_GROUPS, []))
    columns = [chunk.get(_METADATA) for group in groups for chunk in _structs(group.get(_COLUMNS, []))]
    return {_size(column, _CODEC) for column in _structs(columns)}


def _page(header: dict[int, Any]) -> Page:
    kind = header.get(1)
    own = header.get(_HEADERS.get(kind, -1))
    if not isinstance(own, dict) or own.get(_ENCODING[kind]) not in ENCODINGS:
        raise Malformed("a page of a kind that is not taken")
    return Page(kind == DICTIONARY_PAGE, _size(own, 1), _size(header, 2))


def _size(struct: dict[int, Any], field: int) -> int:
    value = struct.get(field)
    if type(value) is not int or value < 0:
        raise Malformed("a page without its size")
    return value


class _Reader:
    """Thrift's compact protocol, as far as page headers use it; never reads beyond `end`."""

    def __init__(self, raw: bytes, at: int, end: int):
        self._raw, self.at, self._end = raw, at, end

    def struct(self, depth: int = 0) -> dict[int, Any]:
        if depth > _DEEPEST:
            raise Malformed("a header too deep")
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._integer()
            found[field] = self._value(head & 0x0F, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind in _INTEGERS:
            return self._integer()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            return self._list(depth)
        lengths = {_BYTE: lambda: 1, _DOUBLE: lambda: 8, _BINARY: self._varint}
        if kind not in lengths:
            raise Malformed("a header field of an unknown kind")
        return self._skip(lengths[kind]())

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        if count > _LONGEST_LIST:
            raise Malformed("a header list too long")
        # In a list a truth value is a byte of its own; in a struct it stands in the field's head.
        kind = _BYTE if head & 0x0F in (_TRUE, _FALSE) else head & 0x0F
        return [self._value(kind, depth + 1) for _ in range(count)]

    def _integer(self) -> int:
        raw = self._varint()
        return (raw >> 1) ^ -(raw & 1)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise Malformed("a number too long")

    def _skip(self, count: int) -> None:
        self.at += count
        if self.at > self._end:
            raise Malformed("a header runs beyond its column")

    def _byte(self) -> int:
        if self.at >= self._end:
            raise Malformed("a header runs beyond its column")
        self.at += 1
        return self._raw[self.at - 1]

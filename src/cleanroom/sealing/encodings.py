"""Whether a file's bytes are what was declared: every byte is looked at before a row is read."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cleanroom.errors import UndeclaredEncoding, Where
from cleanroom.sealing.ordinary import open_ordinary
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import Encoding

BLOCK_BYTES = 4 * 1024 * 1024
_CJK_FROM = "\u3000"  # below stand letters whose UTF-8 bytes can also be read as CP950


@dataclass(frozen=True)
class Looked:
    """`ascii`: all bytes are, so every declaration fits. `quotes`: a quotation mark stands somewhere, so a line break
    may be part of a value. `lines`: line breaks."""

    ascii: bool
    quotes: bool
    lines: int


def look(path: Path, encoding: Encoding) -> Looked:
    """One pass over the file. Raises UndeclaredEncoding where a byte is not what was declared, naming the row; also
    where a file is plainly Chinese text in UTF-8 and happens to be readable as CP950."""
    check, quotes, plain = _Decoding(encoding.value), False, True
    for block in _blocks(path):
        row = check.first_bad_row(block)
        if row is not None:
            raise _undeclared(path, row, _other_bytes(encoding))
        quotes, plain = quotes or b'"' in block, plain and block.isascii()
    if not check.ends_whole():
        raise _undeclared(path, check.row, _other_bytes(encoding))
    if encoding == Encoding.CP950 and not plain and _is_chinese_utf8(path):
        raise _undeclared(path, None, Both("the file is UTF-8, and cp950 is declared", "檔案為 UTF-8，而申報為 cp950"))
    return Looked(ascii=plain, quotes=quotes, lines=check.row)


class _Decoding:
    """`row`: line breaks that were passed, so 0 is the header."""

    def __init__(self, codec: str):
        self._decoder, self.row = codecs.getincrementaldecoder(codec)(), 0

    def first_bad_row(self, block: bytes) -> int | None:
        if b"\0" in block:
            return self.row + block[: block.index(b"\0")].count(b"\n")
        pending = self._decoder.getstate()[0]
        if pending or not block.isascii():
            try:
                self._decoder.decode(block)
            except UnicodeDecodeError as e:
                return self.row + (pending + block)[: e.start].count(b"\n")
        self.row += block.count(b"\n")
        return None

    def ends_whole(self) -> bool:
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
        return True


def _is_chinese_utf8(path: Path) -> bool:
    decoder, chinese = codecs.getincrementaldecoder("utf-8")(), False
    try:
        for block in _blocks(path):
            text = decoder.decode(block)
            chinese = chinese or (not text.isascii() and max(text) >= _CJK_FROM)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return chinese


def _blocks(path: Path) -> Iterator[bytes]:
    with open_ordinary(path) as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _other_bytes(encoding: Encoding) -> Both:
    name = encoding.value
    return Both(f"bytes in this row are not {name}, the declared encoding", f"此列有位元組不符申報之編碼 {name}")


def _undeclared(path: Path, row: int | None, said: Both) -> UndeclaredEncoding:
    # Row 0 is the header.
    where = Where(file=path.name, row=row or None)
    en, zh = f"{said.en}; declare the right one", f"{said.zh_hant}；請申報正確編碼"
    return UndeclaredEncoding(en, zh=zh, where=where, rule="declared_encoding")

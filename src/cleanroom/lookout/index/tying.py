"""Ties as published to the arrays of the index, and back from its file."""

import hashlib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.errors import MalformedRows, Where
from cleanroom.lookout.index.container import Container, ContainerWriter, Named
from cleanroom.lookout.index.rows import Reader
from cleanroom.lookout.index.segments import shapes_of
from cleanroom.lookout.ties import EVER, KINDS, Ties, as_text
from cleanroom.vocabulary.both import Both

COLUMNS = ACCOUNT, KIND, IDENTIFIER, SINCE = ("account_token", "kind", "identifier_token", "held_from")
_NO_KIND = 255
_NAMES = tuple(field.name for field in fields(Ties))


def read_ties(content: bytes, *, file: str) -> Ties:
    """Of a Parquet file with COLUMNS; an empty `held_from` is since ever. `file`: its name, for messages.

    Raises MalformedRows where it has another form, a row names a kind that nobody knows, or one identifier stands
    under two kinds.
    """
    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read(list(COLUMNS))
    except (pa.ArrowInvalid, OSError):
        raise MalformedRows("the file is not Parquet", zh="檔案非 Parquet", where=Where(file)) from None
    reader = Reader(table, file, 0)
    accounts, identifiers = reader.sixteen_bytes(ACCOUNT), reader.sixteen_bytes(IDENTIFIER)
    return arranged(accounts, _kinds(reader), identifiers, _since(reader))


def arranged(accounts: np.ndarray, kinds: np.ndarray, identifiers: np.ndarray, since_us: np.ndarray) -> Ties:
    """Rows in any order: uint8[n, 16], uint8[n] (places in KINDS), uint8[n, 16], int64[n]. A pair that stands twice
    counts since its earlier moment. Raises MalformedRows where one identifier has two kinds."""
    names, account = np.unique(as_text(accounts), return_inverse=True)
    ids, first, identifier = np.unique(as_text(identifiers), return_index=True, return_inverse=True)
    if (kinds[first][identifier] != kinds).any():
        raise MalformedRows(
            "one identifier stands under two kinds", zh="同一識別碼有兩種種類", where=Where(column=KIND)
        )
    order = np.lexsort((since_us, identifier, account))
    account, identifier, since = account[order], identifier[order], since_us[order]
    once = np.ones(len(order), bool)
    once[1:] = (account[1:] != account[:-1]) | (identifier[1:] != identifier[:-1])
    account, identifier, since = account[once], identifier[once], since[once]
    members = np.lexsort((account, since, identifier))
    return Ties(
        accounts=_bytes(names),
        own_offsets=_offsets(account, len(names)),
        own=identifier.astype(np.uint32),
        own_from=since,
        identifiers=_bytes(ids),
        kinds=kinds[first],
        member_offsets=_offsets(identifier[members], len(ids)),
        members=account[members].astype(np.uint32),
        members_from=since[members],
    )


def ties_name(content: bytes) -> str:
    """Of the index's file of these ties: the same file again is known by its name."""
    return f"ties-{hashlib.sha256(content).hexdigest()[:32]}"


def write_ties(path: Path, ties: Ties) -> Named:
    """Durable when it returns."""
    sources = {name: getattr(ties, name) for name in _NAMES}
    container = ContainerWriter(path, shapes_of(sources))
    container.put(sources)
    return container.finish()


def ties_in(container: Container) -> Ties:
    return Ties(*(container.array(name) for name in _NAMES))


def _kinds(reader: Reader) -> np.ndarray:
    words = reader.column(KIND)
    if not pa.types.is_string(words.type):
        raise reader.refused(Both("must be text", "須為文字"), KIND)
    encoded = words.dictionary_encode()
    named = encoded.dictionary.to_pylist()
    places = np.array([KINDS.index(word) if word in KINDS else _NO_KIND for word in named], np.uint8)
    found = places[encoded.indices.to_numpy()]
    if (found == _NO_KIND).any():
        raise reader.refused(Both("is no kind of identifier", "非識別碼種類"), KIND, int(np.argmax(found == _NO_KIND)))
    return found


def _since(reader: Reader) -> np.ndarray:
    if SINCE not in reader.table.schema.names:
        raise reader.refused(Both("the column is missing", "缺少此欄位"), SINCE)
    known = reader.table.column(SINCE).is_valid().to_numpy()
    found = np.full(len(known), EVER, np.int64)
    found[known] = Reader(reader.table.filter(pa.array(known)), reader.file, 0).moments(SINCE)
    return found


def _offsets(rows: np.ndarray, count: int) -> np.ndarray:
    """Where each of `count` rows begins among the sorted `rows`, and at last their number."""
    return np.searchsorted(rows, np.arange(count + 1)).astype(np.uint32)


def _bytes(texts: np.ndarray) -> np.ndarray:
    return texts.view(np.uint8).reshape(-1, 16)

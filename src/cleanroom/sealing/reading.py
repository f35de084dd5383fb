"""A declared file or query as batches of text, by the reader of its format."""

from collections.abc import Iterator

from cleanroom.contracts.specification import DatasetContract
from cleanroom.sealing import csv_files, parquet_files, sources
from cleanroom.sealing.batches import RawBatch, numbered
from cleanroom.sealing.folder import ClearFile
from cleanroom.vocabulary.terms import FileFormat


def read_batches(file: ClearFile, contract: DatasetContract, *, database_url: str = "") -> Iterator[RawBatch]:
    """At least one batch, also of a file without rows.

    Raises UndeclaredEncoding where bytes do not fit the declaration, MalformedRows where there is no table to read;
    for a query what `sources.batches` raises.
    """
    match file.source.format:
        case FileFormat.CSV:
            return csv_files.read(file, contract)
        case FileFormat.PARQUET:
            return parquet_files.read(file, contract)
        case FileFormat.QUERY:
            return numbered(sources.batches(file, contract, database_url=database_url))

"""The accounts that are asked for, as their graph's folder has them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class Starts:
    """`tokens` uint8[n, 16] and the moments at which walks begin, `begins_us` int64[n]."""

    tokens: np.ndarray
    begins_us: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens)


def together(graph: Path) -> Starts:
    return _read(graph / "starts.parquet")


def one_by_one(graph: Path) -> Starts:
    return _read(graph / "asked.parquet")


def _read(path: Path) -> Starts:
    with pq.ParquetFile(path) as file:  # `read_table` would import pandas, for a second, as `to_numpy` would
        table = file.read()
    begins = np.frombuffer(table["begins_at"].combine_chunks().view(pa.int64()).buffers()[1], np.int64, len(table))
    return Starts(token_rows(table["account_token"]), begins)


def token_rows(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """fixed_size_binary(16) or binary of 16 bytes each -> uint8[n, 16]."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    fixed = column.cast(pa.binary(16))
    flat = np.frombuffer(fixed.buffers()[1], np.uint8)
    return flat[16 * fixed.offset : 16 * (fixed.offset + len(fixed))].reshape(-1, 16)

"""Made-up transfers for the benchmarks: as many rows as asked for, each identifier in five of them.

Every row names two accounts, so `rows` rows hold `0.4 * rows` different ones. Senders keep their accounts at the
uploader, receivers anywhere. Written in batches, so that the benchmark's own memory does not grow with the file.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

UPLOADER = "808"
OTHERS = ("700", "808", "822", "013")
PERIOD = {"from": "2025-04-01", "to": "2025-04-30"}
ROWS_PER_IDENTIFIER = 5
BATCH_ROWS = 250_000
_MONTH_S = 30 * 24 * 3600
_CHANNELS = pa.array(["atm", "online", "mobile", "counter"])


def write_folder(folder: Path, *, rows: int, form: str, seed: int = 2025) -> Path:
    """`transfers.<form>` and its declaration. `form`: parquet or csv (UTF-8). Returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"transfers.{form}"
    write = _write_parquet if form == "parquet" else _write_csv
    write(path, _batches(rows, np.random.default_rng(seed)))
    source = {"format": form, "encoding": None if form == "parquet" else "utf-8"}
    source |= {"calendar": "gregorian", "timezone": "Asia/Taipei"}
    declaration = {"institution": UPLOADER, "sector": "bank", "specification_version": 1, "period": PERIOD}
    (folder / "institution.json").write_text(json.dumps({**declaration, "files": {"transfers": source}}))
    return path


def _batches(rows: int, random: np.random.Generator) -> Iterator[pa.Table]:
    accounts = 2 * rows // ROWS_PER_IDENTIFIER
    own, all_codes = accounts // 2, pa.array(OTHERS)
    for start in range(0, rows, BATCH_ROWS):
        count = min(BATCH_ROWS, rows - start)
        receivers = random.integers(own, accounts, count)
        seconds = np.sort(random.integers(0, _MONTH_S, count))
        yield pa.table(
            {
                "txn_id": _numbered("T", np.arange(start, start + count)),
                "clearing_ref": _numbered("C", random.integers(0, 10**12, count)),
                "executed_at": pc.strftime(_moments(seconds), format="%Y-%m-%dT%H:%M:%S+08:00"),
                "sender_institution": pa.repeat(UPLOADER, count),
                "sender_account": _account_numbers(random.integers(0, own, count)),
                "receiver_institution": all_codes.take(pa.array(receivers % len(OTHERS))),
                "receiver_account": _account_numbers(receivers),
                "amount_twd": _amounts(random.integers(1, 5_000_000, count)),
                "channel": _CHANNELS.take(pa.array(random.integers(0, len(_CHANNELS), count))),
                "preregistered": pc.if_else(pa.array(random.random(count) < 0.2), "true", "false"),
                "reversed": pa.repeat("false", count),
            }
        )


def _numbered(prefix: str, numbers: np.ndarray) -> pa.Array:
    digits = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width=12, padding="0")
    return pc.binary_join_element_wise(prefix, digits, "")


def _account_numbers(numbers: np.ndarray) -> pa.Array:
    # A multiplier prime to the modulus: neighbours do not look like neighbours, and no two collide.
    return pc.utf8_lpad(pc.cast(pa.array(numbers * 7_919 % 10**12), pa.string()), width=12, padding="0")


def _moments(seconds: np.ndarray) -> pa.Array:
    return pa.array(np.datetime64("2025-04-01T00:00:00") + seconds.astype("timedelta64[s]"), pa.timestamp("s"))


def _amounts(cents: np.ndarray) -> pa.Array:
    whole, rest = pc.cast(pa.array(cents // 100), pa.string()), pc.cast(pa.array(cents % 100), pa.string())
    return pc.binary_join_element_wise(whole, pc.utf8_lpad(rest, width=2, padding="0"), ".")


def _write_parquet(path: Path, batches: Iterator[pa.Table]) -> None:
    writer = None
    for batch in batches:
        writer = writer or pq.ParquetWriter(path, batch.schema, compression="zstd")
        writer.write_table(batch)
    writer.close()


def _write_csv(path: Path, batches: Iterator[pa.Table]) -> None:
    writer = None
    for batch in batches:
        writer = writer or pyarrow.csv.CSVWriter(path, batch.schema)
        writer.write_table(batch)
    writer.close()

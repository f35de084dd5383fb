"""Made-up graphs of transfers: python -m benchmarks.moneyflow.graphs --transfers N --out DIR

The same for the same seed and number.
A folder holds `transfers-*.parquet`, `later.parquet` (what comes in afterwards), `starts.parquet` (the start accounts
of the batch), `asked.parquet` (accounts that are asked for one by one) and, written last, `facts.json`.
"""

import argparse
import itertools
import json
import shutil
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.moneyflow.people import People, people

VERSION = 4  # of what this module draws; goes up with every change to it
ROWS_PER_GROUP = 1_000_000
GROUPS_PER_FILE = 10
STARTS, ASKED, LATER = 402, 2_000, 2_000_000
DAYS = 90
FIRST_DAY = datetime(2025, 4, 1, tzinfo=UTC)
DAY_US, MINUTE_US = 86_400_000_000, 60_000_000
BEGIN_US = int(FIRST_DAY.timestamp()) * 1_000_000
END_US = BEGIN_US + DAYS * DAY_US

FROM_HUB, TO_HUB, OWN_COMMUNITY = 0.03, 0.08, 0.75  # shares: of all transfers; of those between people
COLLECTORS_PAY, COLLECTORS_RECEIVE = 0.1, 0.95  # shares of what hubs pay and receive; the rest is the payers'
ON_THE_MINUTE = 0.05  # of the transfers between people: posted in runs, so many share a moment
LATE = 0.01  # of what comes in afterwards: executed in the 30 days before

# Share of a day's transfers that is done by each hour: quiet nights, busy noons and evenings.
_HOURS = np.array([1, 0.5, 0.3, 0.3, 0.4, 1, 2, 4, 6, 7, 7, 8, 9, 7, 6, 6, 6, 7, 8, 8, 7, 6, 4, 2.5])
_DONE_BY_HOUR = np.concatenate([[0], np.cumsum(_HOURS)]) / _HOURS.sum()

SCHEMA = pa.schema(
    {
        "transfer_id": pa.binary(16),
        "executed_at": pa.timestamp("us"),
        "sender_account_token": pa.binary(16),
        "receiver_account_token": pa.binary(16),
        "amount_cents": pa.int64(),
    }
)


@dataclass(frozen=True)
class Facts:
    """What was drawn. Quantiles by share of accounts, of degrees over the whole 90 days."""

    version: int
    seed: int
    transfers: int
    accounts: int
    hubs: int
    days: int
    out_degrees: dict[str, int]
    in_degrees: dict[str, int]
    accounts_over_1000: int
    distinct_moments_share: float
    seconds: float


def make(folder: Path, transfers: int, *, seed: int = 2025, progress=print) -> Facts:
    """Write the graph into `folder`, whole or not at all. One that is there already is left as it is."""
    if (kept := read_facts(folder)) and (kept.version, kept.seed, kept.transfers) == (VERSION, seed, transfers):
        return kept
    beside = folder.with_name(f".{folder.name}.being-made")
    for place in (beside, folder):
        shutil.rmtree(place, ignore_errors=True)
    beside.mkdir(parents=True)
    facts = _write_all(beside, transfers, seed, progress)
    beside.rename(folder)
    return facts


def read_facts(folder: Path) -> Facts | None:
    path = folder / "facts.json"
    return Facts(**json.loads(path.read_text())) if path.exists() else None


def parquet_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("transfers-*.parquet"))


def _write_all(folder: Path, transfers: int, seed: int, progress) -> Facts:
    begin = time.perf_counter()
    crowd = people(max(transfers // 10, 500), _random(seed, transfers, 0))
    out, into, moments = _write_transfers(folder, crowd, transfers, seed, progress)
    _write_questions(folder, crowd, out, _random(seed, transfers, 1))
    _write_later(folder, crowd, min(LATER, transfers // 5), _random(seed, transfers, 2))
    facts = Facts(
        version=VERSION,
        seed=seed,
        transfers=transfers,
        accounts=len(crowd.tokens),
        hubs=crowd.hubs,
        days=DAYS,
        out_degrees=_quantiles(out),
        in_degrees=_quantiles(into),
        accounts_over_1000=int(np.count_nonzero(out.astype(np.int64) + into > 1000)),
        distinct_moments_share=round(moments / transfers, 4),
        seconds=round(time.perf_counter() - begin, 1),
    )
    (folder / "facts.json").write_text(json.dumps(asdict(facts), indent=1))
    return facts


def _random(*key: int) -> np.random.Generator:
    return np.random.default_rng(key)


def _write_transfers(folder: Path, crowd: People, transfers: int, seed: int, progress) -> tuple:
    """Out- and in-degrees, and how many moments differ. Slices of time one after the other, no order within a slice."""
    out, into = (np.zeros(len(crowd.tokens), np.uint32) for _ in range(2))
    edges = np.linspace(BEGIN_US, END_US, -(-transfers // ROWS_PER_GROUP) + 1).astype(np.int64)
    moments, writer = 0, None
    for i, (low, high) in enumerate(itertools.pairwise(edges)):
        if i % GROUPS_PER_FILE == 0:
            writer = _next_file(writer, folder / f"transfers-{i // GROUPS_PER_FILE:03}.parquet")
        rows = min(ROWS_PER_GROUP, transfers - i * ROWS_PER_GROUP)
        sender, receiver, table = _slice(crowd, rows, low, high, _random(seed, transfers, 3, i))
        writer.write_table(table, row_group_size=ROWS_PER_GROUP)
        np.add.at(out, sender, 1)
        np.add.at(into, receiver, 1)
        moments += len(np.unique(table["executed_at"].to_numpy()))
        if (i + 1) % GROUPS_PER_FILE == 0:
            progress(f"  {(i + 1) * ROWS_PER_GROUP:,} of {transfers:,} transfers written")
    writer.close()
    return out, into, moments


def _next_file(writer: pq.ParquetWriter | None, path: Path) -> pq.ParquetWriter:
    if writer is not None:
        writer.close()
    return pq.ParquetWriter(path, SCHEMA, compression="snappy", use_dictionary=False)


def _slice(crowd: People, rows: int, low: int, high: int, random: np.random.Generator) -> tuple:
    """`rows` transfers between the moments `low` and `high`, both numbers and the table that is written."""
    kind = random.random(rows, dtype=np.float32)
    from_hub, to_hub = kind < FROM_HUB, (kind >= FROM_HUB) & (kind < FROM_HUB + TO_HUB)
    moment = _moments(rows, low, high, random)
    sender, receiver = crowd.pairs((moment - BEGIN_US) / (30 * DAY_US) % 1, OWN_COMMUNITY, random)
    sender[from_hub] = crowd.some_hubs(int(from_hub.sum()), COLLECTORS_PAY, random)
    receiver[to_hub] = crowd.some_hubs(int(to_hub.sum()), COLLECTORS_RECEIVE, random)
    on_the_minute = from_hub | (random.random(rows, dtype=np.float32) < ON_THE_MINUTE)
    moment[on_the_minute] = np.maximum(moment[on_the_minute] // MINUTE_US * MINUTE_US, low)
    whole_twd = np.exp(random.standard_normal(rows, dtype=np.float32) * 1.4 + np.where(from_hub, 10.5, 7.5))
    columns = [
        _tokens(np.frombuffer(random.bytes(16 * rows), np.uint8)),
        pa.array(moment).cast(SCHEMA.field("executed_at").type),
        _tokens(crowd.tokens[sender]),
        _tokens(crowd.tokens[receiver]),
        pa.array(np.maximum(whole_twd.astype(np.int64), 1) * 100),
    ]
    return sender, receiver, pa.table(columns, schema=SCHEMA)


def _moments(rows: int, low: int, high: int, random: np.random.Generator) -> np.ndarray:
    """Microseconds between `low` and `high`, more of them where a day is busy."""
    done = random.uniform(_done_by(low), _done_by(high), rows)
    day = np.floor(done)
    hour = np.interp(done - day, _DONE_BY_HOUR, np.arange(25))
    return np.clip(BEGIN_US + ((day + hour / 24) * DAY_US).astype(np.int64), low, high - 1)


def _done_by(moment: int) -> float:
    """Days of transfers that are done by this moment."""
    day, within = divmod(int(moment) - BEGIN_US, DAY_US)
    return day + float(np.interp(within * 24 / DAY_US, np.arange(25), _DONE_BY_HOUR))


def _tokens(rows: np.ndarray) -> pa.Array:
    flat = np.ascontiguousarray(rows).reshape(-1)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(flat) // 16, [None, pa.py_buffer(flat)])


def _write_questions(folder: Path, crowd: People, out: np.ndarray, random: np.random.Generator) -> None:
    """Ordinary accounts that sent something, begin moments spread over the first half (batch) or two thirds."""
    ordinary = np.flatnonzero((out > 0) & (np.arange(len(out)) >= crowd.hubs))
    for name, count, days in (("starts", STARTS, DAYS // 2), ("asked", ASKED, DAYS * 2 // 3)):
        chosen = random.choice(ordinary, min(count, len(ordinary) // 2), replace=False)
        begins = BEGIN_US + random.integers(0, days * DAY_US, len(chosen))
        columns = {"account_token": _tokens(crowd.tokens[chosen]), "begins_at": pa.array(begins).cast("timestamp[us]")}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")


def _write_later(folder: Path, crowd: People, rows: int, random: np.random.Generator) -> None:
    """What comes in on the next day, in the order in which it comes; a few had been executed in the month before."""
    _, _, table = _slice(crowd, rows, END_US, END_US + DAY_US, random)
    moment = np.sort(table["executed_at"].to_numpy().astype(np.int64))
    late = random.random(rows) < LATE
    moment[late] -= random.integers(1, 30 * DAY_US, int(late.sum()))
    place = SCHEMA.get_field_index("executed_at")
    table = table.set_column(place, SCHEMA.field(place), pa.array(moment).cast("timestamp[us]"))
    pq.write_table(table, folder / "later.parquet")


def _quantiles(degrees: np.ndarray) -> dict[str, int]:
    shares = (0.1, 0.5, 0.9, 0.99, 0.999, 1.0)
    return {f"{share:g}": int(found) for share, found in zip(shares, np.quantile(degrees, shares), strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transfers", type=int, default=10_000_000, help="how many (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="the folder to make")
    parser.add_argument("--seed", type=int, default=2025)
    options = parser.parse_args()
    print(json.dumps(asdict(make(options.out, options.transfers, seed=options.seed)), indent=1))


if __name__ == "__main__":
    main()

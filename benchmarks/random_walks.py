"""What the random walks from watch-listed accounts cost as the graph grows: the line's own dbt models, on DuckDB.

    .venv/bin/python -m benchmarks.random_walks --accounts 10000 100000 1000000

A made-up graph, ten transfers for each account, one in ten of them with one of 20 hubs (a shop, a power company), the
others within groups of 1,000; one account in 200 is watch-listed. Prints seconds and peak memory of each model.
"""

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.memory import watched
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.settings import RoomSettings
from cleanroom.stores.warehouse import open_warehouse

MODELS = ("int_scoring__pulls", "int_scoring__random_walks")
AS_OF = datetime(2025, 7, 1, tzinfo=UTC)
DAYS, GROUP, HUBS, TO_HUBS, A_LISTED = 90, 1_000, 20, 0.1, 200


class Room:
    """As much of a room as dbt needs."""

    def __init__(self, home: Path):
        self.settings = RoomSettings(home=home)
        self.warehouse = open_warehouse(self.settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--per-account", type=int, default=10, help="transfers for each account (default %(default)s)")
    options = parser.parse_args()
    print("| accounts | transfers | widest hub | pulls, s | walks, s | rows | peak, GB |\n" + "| ---: " * 7 + "|")
    for accounts in options.accounts:
        with tempfile.TemporaryDirectory() as home:
            print(measured(Room(Path(home)), accounts, accounts * options.per_account), flush=True)


def measured(room: Room, accounts: int, transfers: int) -> str:
    legs = drawn(accounts, transfers)
    room.warehouse.replace_rows("scoring.int_scoring__legs", legs)
    room.warehouse.replace_rows("scoring.int_scoring__watch_listed", listed(accounts))
    widest = room.warehouse.query(
        "select max(others) as n from (select count(distinct counterparty_token) as others "
        "from scoring.int_scoring__legs group by account_token) as counted"
    )["n"][0].as_py()
    del legs
    with watched() as peak:
        run = run_dbt(room, "run", MODELS)
    rows = room.warehouse.query("select count(*) as n from scoring.int_scoring__random_walks")["n"][0].as_py()
    room.warehouse.close()
    pulls, walks = (run.seconds_of(model) for model in MODELS)
    return (f"| {accounts:,} | {transfers:,} | {widest:,} | {pulls:.1f} | {walks:.1f} | {rows:,} "
            f"| {peak.bytes / 1e9:.1f} |")  # fmt: skip


def drawn(accounts: int, transfers: int) -> pa.Table:
    """`int_scoring__legs`, as far as the walks read it: each transfer from both its ends."""
    rng = np.random.default_rng(1)
    sender = rng.integers(HUBS, accounts, transfers)
    receiver = np.minimum(sender // GROUP * GROUP + rng.integers(0, GROUP, transfers), accounts - 1)
    receiver = np.where(rng.random(transfers) < TO_HUBS, rng.integers(0, HUBS, transfers), receiver)
    second = int(AS_OF.timestamp()) - rng.integers(1, DAYS * 86_400, transfers)
    ends = np.concatenate([sender, receiver]), np.concatenate([receiver, sender])
    names = tokens(np.arange(accounts))
    return pa.table({
        "as_of": as_of_column(2 * transfers),
        "account_token": names.take(pa.array(ends[0])),
        "counterparty_token": names.take(pa.array(ends[1])),
        "executed_second": np.tile(second, 2),
    })  # fmt: skip


def listed(accounts: int) -> pa.Table:
    chosen = np.arange(HUBS, accounts, A_LISTED)
    return pa.table({"as_of": as_of_column(len(chosen)), "account_token": tokens(chosen)})


def tokens(numbers: np.ndarray) -> pa.Array:
    return pa.array(np.char.mod("%032x", numbers))


def as_of_column(rows: int) -> pa.Array:
    return pa.array(np.full(rows, np.datetime64(AS_OF.replace(tzinfo=None), "us")))


if __name__ == "__main__":
    main()

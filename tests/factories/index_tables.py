"""Transfers in tables as the index takes them in, and an index or graph as a set of transfers."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.lookout.graph import Graph, Segment, Side
from cleanroom.lookout.index import Index, build

_NOON = 1_772_452_800_000_000
_ACCOUNTS = 7
_TIMES = 11


def sixteen(kind: str, number: int) -> bytes:
    return f"{kind}{number}".encode().rjust(16, b"\0")


def content_of(number: int) -> tuple[int, bytes, bytes, int]:
    """Time, sender, receiver, cents of the transfer with this number: always the same, with ties in time."""
    sender, receiver = number * 5 % _ACCOUNTS, number * number % (_ACCOUNTS + number // 10)
    return _NOON + number * 7 % _TIMES, sixteen("a", sender), sixteen("a", receiver), 1 + number * 13 % 50


def table_of(numbers: Iterable[int], *, hexed: bool = False, **other: object) -> pa.Table:
    """`other`: columns that have this value in every row."""
    numbers = list(numbers)
    times, senders, receivers, cents = zip(*map(content_of, numbers), strict=True) if numbers else ((),) * 4
    ids = [sixteen("t", number) for number in numbers]
    text = (lambda many: pa.array([one.hex() for one in many], pa.string())) if hexed else _binary
    columns = {
        "transfer_id": text(ids),
        "executed_at": pa.array(times, pa.timestamp("us", "UTC")),
        "sender_account_token": text(senders),
        "receiver_account_token": text(receivers),
        "amount_cents": pa.array(cents, pa.int64()),
    }
    for name, value in other.items():
        columns[name] = pa.array([value] * len(numbers), columns[name].type)
    return pa.table(columns)


def _binary(many: Iterable[bytes]) -> pa.Array:
    return pa.array(list(many), pa.binary(16))


def written(folder: Path, *tables: pa.Table, rows_per_group: int = 1000) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"part-{i}.parquet" for i in range(len(tables))]
    for path, table in zip(paths, tables, strict=True):
        pq.write_table(table, path, row_group_size=rows_per_group)
    return paths


def built(folder: Path, numbers: Iterable[int]) -> Path:
    """The folder of an index of these transfers."""
    build(written(folder / "parquet", table_of(numbers)), folder / "index")
    return folder / "index"


def expected(numbers: Iterable[int]) -> dict[bytes, tuple[int, bytes, bytes, int]]:
    return {sixteen("t", number): content_of(number) for number in numbers}


def contents(graph: Graph) -> dict[bytes, tuple[int, bytes, bytes, int]]:
    """By transfer id: time, sender, receiver, cents. Fails where segments, sides and numbers do not fit together."""
    found = {}
    for segment in graph.segments:
        check_segment(segment)
        for i in range(len(segment)):
            ends = (graph.tokens[account].tobytes() for account in (segment.sender[i], segment.receiver[i]))
            found[segment.transfer_id[i].tobytes()] = int(segment.time_us[i]), *ends, int(segment.amount_cents[i])
    assert len(found) == graph.transfers, "a transfer stands twice"
    return found


def check_segment(segment: Segment) -> None:
    halves = segment.transfer_id.copy().view(">u8").reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0], segment.time_us))
    assert np.array_equal(order, np.arange(len(segment))), "the transfers are not in order"
    _check_side(segment.outgoing, segment.sender, segment.receiver)
    _check_side(segment.incoming, segment.receiver, segment.sender)


def _check_side(side: Side, own: np.ndarray, other: np.ndarray) -> None:
    order = np.argsort(own, kind="stable")
    assert np.array_equal(side.number, order) and np.array_equal(side.other, other[order])
    rows = len(side.offsets) - 1
    accounts = np.arange(rows) if side.accounts is None else side.accounts
    assert len(accounts) == rows and np.array_equal(np.repeat(accounts, np.diff(side.offsets)), own[order])


def check_accounts(index: Index) -> None:
    tokens = [index.token(number) for number in range(index.graph.accounts)]
    assert len(set(tokens)) == len(tokens)
    assert [index.account(token) for token in tokens] == list(range(len(tokens)))
    assert index.account(sixteen("z", 1)) is None

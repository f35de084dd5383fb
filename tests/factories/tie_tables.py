"""Ties as the line publishes them, and ties of an index as a set."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.lookout.ties import EVER, KINDS, TiedGraph
from cleanroom.lookout.walks.moments import moment
from tests.factories.index_tables import sixteen

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
_KIND_OF = {"h": "holder", "p": "phone", "d": "device", "s": "platform_account"}
SCHEMA = pa.schema(
    [
        ("account_token", pa.binary(16)),
        ("kind", pa.string()),
        ("identifier_token", pa.binary(16)),
        ("held_from", pa.timestamp("us", "UTC")),
    ]
)


def tie(account: str, number: int, kind: str, identifier: int, *, since: datetime | None = None) -> dict:
    """Of the account `sixteen(account, number)`; kinds by their letter."""
    tokens = {"account_token": sixteen(account, number), "identifier_token": sixteen(kind, identifier)}
    return tokens | {"kind": _KIND_OF[kind], "held_from": since}


# One account with each kind of identifier; two that share a phone; one that no transfer names.
TIES = (
    *(tie("a", 1, kind, n, since=NOON) for n, kind in enumerate(_KIND_OF)),
    tie("a", 2, "p", 1),
    tie("x", 1, "p", 1, since=LATER),
)


def tie_table(rows) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def published(path: Path, rows) -> Path:
    """As a file that was replaced whole."""
    pq.write_table(tie_table(rows), path.with_suffix(".new"))
    os.replace(path.with_suffix(".new"), path)
    return path


def said(tied: TiedGraph) -> set[tuple]:
    """(account, kind, identifier, since) of all ties. Fails where the two sides of them do not fit together."""
    ties, found = tied.ties, (set(), set())
    for row, account in enumerate(ties.accounts):
        for i in range(ties.own_offsets[row], ties.own_offsets[row + 1]):
            found[0].add(_one(tied, account, int(ties.own[i]), int(ties.own_from[i])))
    for row in range(len(ties.identifiers)):
        for i in range(ties.member_offsets[row], ties.member_offsets[row + 1]):
            found[1].add(_one(tied, ties.accounts[ties.members[i]], row, int(ties.members_from[i])))
    assert found[0] == found[1] and len(found[0]) == len(ties)
    return found[0]


def _one(tied: TiedGraph, account, row: int, since_us: int) -> tuple:
    identifier, kind = tied.ties.identifiers[row].tobytes(), KINDS[tied.ties.kinds[row]]
    return account.tobytes(), kind, identifier, None if since_us == EVER else moment(since_us)

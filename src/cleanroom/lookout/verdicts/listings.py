"""Watch-listings as the warehouse publishes them, and which of them stand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.errors import RequestInvalid
from cleanroom.moneyflow.rules import Direction, begins_at

_COLUMNS = ("account_token", "listed_at", "ended_at", "ends_by_law_at", "reported_loss_cents", "case_no")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, order=True)
class Listing:
    """One watch-listing. `token` 16 bytes; times in UTC microseconds since 1970; `ended_us` None while it goes on."""

    token: bytes
    listed_us: int
    ended_us: int | None
    reported_cents: int
    case_no: str

    @property
    def begins_us(self) -> int:
        """Where its forward walks begin: before the notice by the look-back."""
        listed = _EPOCH + self.listed_us * _MICROSECOND
        return (begins_at(listed, Direction.FORWARD) - _EPOCH) // _MICROSECOND

    def stands(self, as_of_us: int) -> bool:
        """From its notice until it was lifted or expired."""
        return self.listed_us <= as_of_us and (self.ended_us is None or as_of_us < self.ended_us)


def read_listings(path: Path) -> tuple[Listing, ...]:
    """All listings of a published `listings.parquet`. Raises RequestInvalid where a column is missing."""
    with pq.ParquetFile(path) as file:  # `read_table` would import pandas, for a second
        table = file.read()
    if missing := [name for name in _COLUMNS if name not in table.column_names]:
        raise RequestInvalid(
            f"the published listings lack {', '.join(missing)}; publish them again",
            zh=f"發布之名單缺少 {'、'.join(missing)}；請重新發布",
        )
    columns = (_plain(table.column(name)).to_pylist() for name in _COLUMNS)
    return tuple(map(_listing, *columns))


def standing(listings: Iterable[Listing], as_of_us: int) -> tuple[Listing, ...]:
    """Those that stand, each once, in an order of their own."""
    return tuple(sorted({listing for listing in listings if listing.stands(as_of_us)}, key=_order))


def _order(listing: Listing) -> tuple:
    ended = listing.ended_us is None, listing.ended_us or 0
    return listing.listed_us, listing.token, listing.case_no, listing.reported_cents, ended


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Moments as UTC microseconds: to make datetimes of them, pyarrow would import pandas."""
    kind = column.type
    return column.cast(pa.timestamp("us", kind.tz)).cast(pa.int64()) if pa.types.is_timestamp(kind) else column


def _listing(token, listed_us: int, ended_us: int | None, by_law_us: int | None, cents, case_no) -> Listing:
    return Listing(
        bytes.fromhex(token) if isinstance(token, str) else bytes(token),
        listed_us,
        min((end for end in (ended_us, by_law_us) if end is not None), default=None),
        int(cents or 0),
        str(case_no or ""),
    )


def as_table(listings: Iterable[Listing]) -> pa.Table:
    """The inverse of `read_listings`; an end by law is an end like another."""
    rows = [
        {
            "account_token": listing.token.hex(),
            "listed_at": _EPOCH + listing.listed_us * _MICROSECOND,
            "ended_at": None if listing.ended_us is None else _EPOCH + listing.ended_us * _MICROSECOND,
            "ends_by_law_at": None,
            "reported_loss_cents": listing.reported_cents,
            "case_no": listing.case_no,
        }
        for listing in listings
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


_SCHEMA = pa.schema(
    {
        "account_token": pa.string(),
        "listed_at": pa.timestamp("us", tz="UTC"),
        "ended_at": pa.timestamp("us", tz="UTC"),
        "ends_by_law_at": pa.timestamp("us", tz="UTC"),
        "reported_loss_cents": pa.int64(),
        "case_no": pa.string(),
    }
)

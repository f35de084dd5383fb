"""The accounts as they stood at one cut-off, as arrays in the order of their tokens."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.errors import NothingToDo
from cleanroom.scoring.features import matrix

KEYS = ("as_of", "account_token")


@dataclass(frozen=True)
class Snapshot:
    """One cut-off. `rows`: `scoring.account_features`; arrays per account in the same order.

    `listed`: watch-listed at the cut-off (no warning is due). `later`: listed within the horizon, from the labels;
    `complete`: whether the horizon lies wholly in the data.
    """

    as_of: datetime
    rows: pa.Table
    matrix: np.ndarray
    listed: np.ndarray
    later: np.ndarray
    complete: bool

    @property
    def accounts(self) -> int:
        return self.rows.num_rows

    @property
    def unlisted(self) -> np.ndarray:
        """Positions of the accounts that a warning could be about."""
        return np.flatnonzero(~self.listed)

    def texts(self, column: str) -> np.ndarray:
        """A text column; an empty text for null."""
        return np.array([value or "" for value in self.rows[column].to_pylist()], dtype=object)


def snapshots(features: pa.Table, labels: pa.Table) -> list[Snapshot]:
    """Every cut-off in order of time. Raises NothingToDo where there is no account to score."""
    if not features.num_rows:
        raise NothingToDo(
            "there is no account to score; take in accounts and build the money flow first",
            zh="無帳戶可供評分；請先收件並建立金流圖",
        )
    labels = labels.select(["as_of", "account_token", "listed_within_horizon", "is_complete"])
    joined = features.join(labels, list(KEYS), join_type="inner").sort_by([(k, "ascending") for k in KEYS])
    moments = pc.unique(joined["as_of"]).to_pylist()
    return [_snapshot(as_of, joined.filter(pc.equal(joined["as_of"], pa.scalar(as_of, joined["as_of"].type))))
            for as_of in sorted(moments)]  # fmt: skip


def _snapshot(as_of: datetime, rows: pa.Table) -> Snapshot:
    return Snapshot(
        as_of=as_of,
        rows=rows,
        matrix=matrix(rows),
        listed=np.array(rows["is_watch_listed"].to_pylist(), dtype=bool),
        later=np.array(rows["listed_within_horizon"].to_pylist(), dtype=bool),
        complete=bool(rows["is_complete"][0].as_py()),
    )

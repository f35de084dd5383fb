"""Made-up snapshots: a few listed accounts deal with suspicious ones, the rest do not."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from cleanroom.scoring.features import feature_names
from cleanroom.scoring.rules import all_rules

END = datetime(2025, 7, 8, tzinfo=UTC)
ACCOUNTS = 600
LISTED = 24
KINDS = ("personal", "business", "digital_1")
_EVADING = [f"{way}_{steps}_evading_ppb" for way in ("reached", "reaching") for steps in ("two", "three")]


def feature_rows(seed: int, as_of: datetime, listed: int) -> pa.Table:
    """ACCOUNTS rows; the first `listed` are watch-listed, the first 60 behave like mules."""
    rng = np.random.default_rng(seed)
    mule = np.arange(ACCOUNTS) < 60
    columns = {
        name: _column(rng, name, mule) for name in dict.fromkeys([*feature_names(), *_rule_columns(), *_EVADING])
    }
    return pa.table({
        "as_of": pa.array([as_of] * ACCOUNTS, pa.timestamp("us", tz="UTC")),
        "account_token": [f"{i:032x}" for i in range(ACCOUNTS)],
        "institution": [("808", "822", "700")[i % 3] for i in range(ACCOUNTS)],
        "kind": [KINDS[i % 7 % 3] for i in range(ACCOUNTS)],
        "is_watch_listed": np.arange(ACCOUNTS) < listed,
        **columns,
    })  # fmt: skip


def label_rows(rows: pa.Table, listed_later: int, *, complete: bool) -> pa.Table:
    listed = rows["is_watch_listed"].to_numpy(zero_copy_only=False)
    later = (np.cumsum(~listed) <= listed_later) & ~listed
    return pa.table({
        "as_of": rows["as_of"],
        "account_token": rows["account_token"],
        "listed_within_horizon": later,
        "is_complete": [complete] * rows.num_rows,
    })  # fmt: skip


def _rule_columns() -> list[str]:
    return [c.column for rule in all_rules() for c in rule.when]


def _column(rng: np.random.Generator, name: str, mule: np.ndarray) -> np.ndarray:
    base = rng.poisson(4, ACCOUNTS) + mule * rng.poisson(12, ACCOUNTS)
    return base.astype(np.int64) * (100_000 if name.endswith("cents") else 1)

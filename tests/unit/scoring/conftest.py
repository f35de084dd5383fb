"""Made-up history of accounts, with listed and suspicious ones among them."""

from datetime import timedelta

import pyarrow as pa
import pytest

from cleanroom.scoring.snapshot import Snapshot, snapshots
from tests.factories.snapshots import END, LISTED, feature_rows, label_rows


@pytest.fixture(scope="session")
def history() -> list[Snapshot]:
    """Three cut-offs two weeks apart; the last one's horizon is not over."""
    moments = [END - timedelta(days=28), END - timedelta(days=14), END]
    tables = [feature_rows(n, at, LISTED - 8 * (2 - n)) for n, at in enumerate(moments)]
    labels = [label_rows(t, 8, complete=n < 2) for n, t in enumerate(tables)]
    return snapshots(pa.concat_tables(tables), pa.concat_tables(labels))

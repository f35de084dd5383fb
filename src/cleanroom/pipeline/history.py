"""What the scoring station learns from: the features at every cut-off, and which data they came from."""

from datetime import timedelta
from typing import TYPE_CHECKING

from cleanroom.contracts.canonical import digest_of
from cleanroom.scoring.snapshot import Snapshot, snapshots

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

HORIZON = timedelta(days=14)


def read_history(room: "Room") -> list[Snapshot]:
    """All cut-offs of the feature table, in order of time."""
    features = room.warehouse.query("select * from scoring.account_features")
    labels = room.warehouse.query("select * from scoring.account_labels")
    return snapshots(features, labels)


def data_snapshot(room: "Room") -> str:
    """SHA-256 over the ids of all submissions whose rows are there: which data this is."""
    live = "select submission_id from landing.submissions where state = 'accepted' order by submission_id"
    found = room.warehouse.query(live)
    return digest_of(found["submission_id"].to_pylist())

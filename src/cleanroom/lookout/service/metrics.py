"""What monitoring reads: counts and times over all processes of the service. No label holds a token or a name.

The library keeps each process's numbers in mapped files and adds them up; it reads their folder from the environment
when it is imported, so `use` comes first.
"""

import os
from pathlib import Path

_BUCKETS = (0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def use(folder: Path) -> None:
    """Before anything of this module is used, in every process of the service."""
    os.environ[_FOLDER] = str(folder)


def clear(folder: Path) -> None:
    """Counts begin at zero with the service."""
    for path in folder.glob("*.db"):
        path.unlink()


class WorkerMetrics:
    def __init__(self) -> None:
        from prometheus_client import Counter, Histogram

        self._answers = Counter("lookout_answers", "Answers by call and status", ["call", "status"])
        self._seconds = Histogram(
            "lookout_answer_seconds", "From the whole request to the answer", ["call"], buckets=_BUCKETS
        )
        self._cut = Counter("lookout_cut", "Answers that a bound cut", ["call"])

    def answered(self, call: str, status: int, seconds: float) -> None:
        self._answers.labels(call, str(status)).inc()
        self._seconds.labels(call).observe(seconds)

    def was_cut(self, call: str) -> None:
        self._cut.labels(call).inc()


class KeeperMetrics:
    """Gauges are the keeper's latest word, whichever keeper it was."""

    def __init__(self) -> None:
        from prometheus_client import Counter, Gauge, Histogram

        self.rows = Counter("lookout_taken_transfers", "Transfers taken from batches")
        self.batches = Counter("lookout_batches", "Batches by what became of them", ["outcome"])
        self.visible = Histogram(
            "lookout_visible_seconds", "From a batch's arrival until its transfers can be found", buckets=_BUCKETS
        )
        self.merge = Histogram("lookout_merge_seconds", "Merging the delta into the base", buckets=(*_BUCKETS, 10, 30))
        self._gauges = {
            name: Gauge(f"lookout_{name}", text, multiprocess_mode="mostrecent")
            for name, text in {
                "transfers": "Transfers in the graph",
                "delta_transfers": "Transfers that were not merged yet",
                "accounts": "Accounts in the graph",
                "state": "Number of the graph's state",
                "waiting_batches": "Batches that wait",
                "state_timestamp_seconds": "When the state was made",
                "data_end_timestamp_seconds": "Moment of the latest transfer",
            }.items()
        }

    def set(self, **values: float) -> None:
        for name, value in values.items():
            self._gauges[name].set(value)


def text() -> bytes:
    """Prometheus' text form, over all processes, the ended ones included."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)

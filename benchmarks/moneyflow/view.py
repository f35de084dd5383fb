"""A report as the table and the charts look at it."""

from dataclasses import dataclass
from statistics import median

from benchmarks.moneyflow.cases import LAYERS, Case


@dataclass(frozen=True)
class View:
    report: dict

    @property
    def sizes(self) -> list[int]:
        return [graph["transfers"] for graph in self.report["graphs"]]

    def engines(self, case: Case, transfers: int | None = None) -> list[str]:
        """Those that have something to say about the case, in the order of the run."""
        own = (m for m in self.report["measured"] if m["case"] == case and transfers in (None, m["transfers"]))
        return list(dict.fromkeys(m["engine"] for m in own))

    def title(self, engine: str) -> str:
        return next(m["title"] for m in self.report["measured"] if m["engine"] == engine)

    def get(self, transfers: int, engine: str, case: Case) -> dict | None:
        for m in self.report["measured"]:
            if (m["transfers"], m["engine"], m["case"]) == (transfers, engine, case):
                return m
        return None

    def runs(self, transfers: int, engine: str, case: Case, label: str) -> list[float]:
        found = self.get(transfers, engine, case) or {}
        return found.get("seconds", {}).get(label, [])

    def seconds(self, transfers: int, engine: str, case: Case, label: str) -> float | None:
        """Median of the runs."""
        runs = self.runs(transfers, engine, case, label)
        return median(runs) if runs else None

    def fact(self, transfers: int, engine: str, case: Case, name: str) -> float | None:
        found = self.get(transfers, engine, case) or {}
        return found.get("facts", {}).get(name)

    def by_layer(self, transfers: int, engine: str) -> dict[int, float]:
        """Cumulative seconds of the batch, for the layers that ended in time."""
        found = {k: self.seconds(transfers, engine, Case.TOGETHER, str(k)) for k in LAYERS}
        return {k: seconds for k, seconds in found.items() if seconds is not None}

    def reason(self, transfers: int, engine: str, case: Case) -> str:
        found = self.get(transfers, engine, case) or {}
        return found.get("cancelled", "")

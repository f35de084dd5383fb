"""Evidence: one measured value under one metric name.

A metric name is the one in the policy file (and in the regulator-facing control list); who computes it stands in
`catalogue`. Evidence holds figures only: no row, identifier or token. This module needs no numpy, so that the portal
can import it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % confidence bounds (None where the figure is a count and not a sample) and its cases."""

    value: float
    low: float | None = None
    high: float | None = None
    cases: int | None = None

    def at(self, measured_at: datetime, detail: str = "") -> "Evidence":
        """This estimate as evidence measured at an aware time."""
        return Evidence(
            self.value, low=self.low, high=self.high, cases=self.cases, measured_at=measured_at, detail=detail
        )


@dataclass(frozen=True)
class Evidence:
    """What was measured, when. `measured_at` is aware; `detail` is one sentence for the reviewer, no identifiers.

    `low` and `high` are confidence bounds where the value is a sample's; `cases` is the number of independent cases.
    """

    value: float
    measured_at: datetime = field(kw_only=True)
    low: float | None = field(default=None, kw_only=True)
    high: float | None = field(default=None, kw_only=True)
    cases: int | None = field(default=None, kw_only=True)
    detail: str = field(default="", kw_only=True)

    @property
    def usable(self) -> bool:
        """Finite everywhere, aware in time, bounds in order: anything else is no evidence at all."""
        figures = [f for f in (self.low, self.value, self.high) if f is not None]
        ordered = all(math.isfinite(f) for f in figures) and figures == sorted(figures)
        return ordered and self.measured_at.tzinfo is not None


EvidenceByMetric = Mapping[str, Evidence]

"""From a margin to a probability of being watch-listed within the horizon: two numbers, always rising.

Platt's method with his smoothed targets (1999), by Newton's steps on two parameters: plain numbers in the artefact.
"""

from dataclasses import dataclass

import numpy as np

LEAST_SLOPE = 1e-6  # a calibration must not turn the ranking round
_STEPS = 100
_RIDGE = 1e-9


@dataclass(frozen=True)
class Calibration:
    """probability = 1 / (1 + exp(-(slope * margin + intercept))), slope > 0."""

    slope: float
    intercept: float

    def log_odds(self, margins: np.ndarray) -> np.ndarray:
        return self.slope * margins + self.intercept

    def probabilities(self, margins: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-np.clip(self.log_odds(margins), -700, 700)))


def fit(margins: np.ndarray, outcome: np.ndarray) -> Calibration:
    """Slope and intercept of the least log loss. Where the outcome does not rise with the margin the base rate is
    kept, with a slope just above zero."""
    margins, y = np.asarray(margins, dtype=float), np.asarray(outcome).astype(bool)
    centre, spread = (float(margins.mean()), float(margins.std()) or 1.0) if len(margins) else (0.0, 1.0)
    slope, intercept = _newton((margins - centre) / spread, _targets(y))
    if slope / spread <= LEAST_SLOPE:
        return Calibration(LEAST_SLOPE, _logit((y.sum() + 1) / (len(y) + 2)))
    return Calibration(slope / spread, intercept - slope * centre / spread)


def _targets(y: np.ndarray) -> np.ndarray:
    positives, negatives = int(y.sum()), int((~y).sum())
    return np.where(y, (positives + 1) / (positives + 2), 1 / (negatives + 2))


def _newton(x: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    design = np.c_[x, np.ones(len(x))]
    found = np.array([1.0, _logit(float(np.clip(targets.mean(), 1e-9, 1 - 1e-9))) if len(x) else 0.0])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ found, -700, 700)))
        curvature = design.T @ (design * (p * (1 - p))[:, None]) + _RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (targets - p))
        found = found + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    return float(found[0]), float(found[1])


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))

"""What the controls ask of the model, measured: by metric name, an `Estimate` for each figure that the data allow.

A metric that the data do not allow is left out, and the gate treats it as not measured. Judged are the replay's
predictions (out of time) and the artefact's scores at the latest cut-off.
"""

from dataclasses import dataclass

import numpy as np

from cleanroom.governance import metrics
from cleanroom.governance.evidence import Estimate
from cleanroom.scoring import backtest, probes
from cleanroom.scoring.artefact import Artefact
from cleanroom.scoring.backtest import Predictions
from cleanroom.scoring.explaining import explained_margins, reason_codes, reason_parts
from cleanroom.scoring.features import matrix, model_features, unjustified_attributes
from cleanroom.scoring.snapshot import Snapshot

SEED = 20250401
LEAST_GROUP = 5  # groups with fewer cases say nothing of themselves and stay out of comparisons
Measured = dict[str, tuple[Estimate, str]]


@dataclass(frozen=True)
class Subject:
    """What is judged. `capacity`: warnings that the institutions can handle per run, over all of them."""

    artefact: Artefact
    history: list[Snapshot]
    predictions: Predictions
    capacity: int

    @property
    def latest(self) -> Snapshot:
        return max(self.history, key=lambda s: s.as_of)

    @property
    def decisions(self) -> np.ndarray:
        """Of the replay: whether a warning would have been sent."""
        return self.predictions.order >= -self.capacity

    @property
    def warned(self) -> np.ndarray:
        """Positions at the latest cut-off of the accounts that a warning would be about, most suspicious first."""
        margins = self.artefact.model().margins(self.latest.matrix)[self.latest.unlisted]
        return self.latest.unlisted[np.argsort(-margins, kind="stable")[: self.capacity]]


def measure(subject: Subject) -> Measured:
    """Every figure that the data allow, with a sentence on how it was measured."""
    found = {**_performance(subject), **_groups(subject), **_artefact(subject), **_probed(subject)}
    return {name: (estimate, detail) for name, (estimate, detail) in found.items() if estimate is not None}


def _performance(subject: Subject) -> dict:
    p, how = subject.predictions, f"replay over {len(subject.predictions.folds)} cut-offs, horizons apart"
    if not p.cases:
        return {}
    whole = subject.capacity * len(p.folds)
    precision = metrics.precision_against_baseline(p.later, p.order, p.baseline_order, whole, seed=SEED)
    held, ruled = (backtest.held_out_probabilities(p, scores) for scores in (p.margin, p.baseline))
    brier = metrics.brier_against_baseline(p.later, held, ruled, seed=SEED)
    found = {
        "precision_at_capacity": (precision[0], how),
        "baseline_precision_at_capacity": (precision[1], f"rule baseline, {how}"),
        "pr_auc": (metrics.pr_auc(p.later, held, seed=SEED), how),
        "recall_at_capacity": (metrics.recall_at_capacity(p.later, p.order, whole), how),
        "amount_recall_at_capacity": (
            metrics.amount_recall_at_capacity(p.later, p.order, _amounts(subject), whole, seed=SEED),
            f"money that came in before the cut-off, {how}",
        ),
    }
    if brier is not None:
        found |= {"brier": (brier[0], how), "baseline_brier": (brier[1], f"calibrated rule baseline, {how}")}
    return found


def _amounts(subject: Subject) -> np.ndarray:
    """What came into each judged account before its cut-off, in cents."""
    p, by_time = subject.predictions, {s.as_of: s for s in subject.history}
    came = [by_time[at].rows["in_cents"].to_numpy()[p.row[p.fold == i].astype(int)] for i, at in enumerate(p.folds)]
    return np.nan_to_num(np.concatenate(came).astype(float))


def _groups(subject: Subject) -> dict:
    """What the features and the contributions tell of groups; the decisions by group stand in `group_evidence`."""
    latest = subject.latest
    return {
        "proxy_auc_max": (
            metrics.proxy_auc(latest.matrix, latest.texts("kind"), min_cases=LEAST_GROUP, seed=SEED),
            "how well the features tell one kind of account from the others",
        ),
        "contribution_anomaly_z": (
            metrics.contribution_anomaly_z(contributions(latest)),
            "watch-listings per account of each institution",
        ),
    }


def _artefact(subject: Subject) -> dict:
    artefact, latest, warned = subject.artefact, subject.latest, subject.warned
    codes, parts, constant = reason_parts(artefact, latest.matrix)
    margins = artefact.model().margins(latest.matrix)
    grounds = len(unjustified_attributes())
    return {
        "explanation_fidelity": (
            metrics.explanation_fidelity(explained_margins(parts, constant), margins),
            "score rebuilt from the reasons that are shown",
        ),
        "reason_code_coverage": (
            metrics.filled_share(reason_codes(codes, parts[warned])),
            "accounts that would be warned of at the latest cut-off",
        ),
        "lineage_coverage": (metrics.filled_share([f.sources for f in model_features()]), "features with sources"),
        "unjustified_attributes": (Estimate(grounds, cases=len(model_features())), "features of the model"),
        "counterfactual_flip_rate": (_flips(subject, margins), "kind of account and institution exchanged"),
    }


def _flips(subject: Subject, margins: np.ndarray) -> Estimate | None:
    """Decisions that change when kind and institution of every account change to the next account's."""
    latest, before = subject.latest, np.zeros(subject.latest.accounts, dtype=bool)
    before[subject.warned] = True
    rows = latest.rows
    for column in ("kind", "institution"):
        values = rows[column].combine_chunks().to_pylist()
        rows = rows.set_column(rows.column_names.index(column), column, [values[1:] + values[:1]])
    after_margins = subject.artefact.model().margins(matrix(rows))
    threshold = margins[subject.warned].min() if len(subject.warned) else np.inf
    after = (after_margins >= threshold) & ~latest.listed
    return metrics.counterfactual_flip_rate(before | (margins >= threshold) & ~latest.listed, after)


def _probed(subject: Subject) -> dict:
    latest = subject.latest
    return {
        "mia_auc": (
            probes.membership(latest.matrix, latest.listed, seed=SEED),
            "twin trained on a random half of the accounts",
        ),
        "evasion_recall_drop": _evasion(subject),
    }


def _evasion(subject: Subject) -> tuple[Estimate | None, str]:
    """The worst evasion counts; all are named, since they say what the model leans on."""
    drops = probes.evasion(subject.latest, subject.capacity, seed=SEED)
    each = ", ".join(f"{name} {drop.value:.2f}" for name, drop in drops.items())
    worst = max(drops.values(), key=lambda e: e.value if e.high is None else e.high, default=None)
    return worst, f"watch-listed accounts with hidden labels that change their ways: {each}"


def contributions(snapshot: Snapshot) -> dict[str, tuple[int, int]]:
    """Institution -> (watch-listed accounts, accounts)."""
    codes = snapshot.texts("institution")
    return {str(c): (int(snapshot.listed[codes == c].sum()), int((codes == c).sum())) for c in np.unique(codes)}

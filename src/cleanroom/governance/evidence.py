"""Evidence: one measured value under one metric name, and who supplies which metric.

A metric name is the one in the policy file (and in the regulator-facing control list). Evidence holds figures only: no
row, identifier or token. This module needs no numpy, so that the portal can import it.

Suppliers (`SUPPLIERS`, read by a guard test against the policy):

| supplier | what it is |
| --- | --- |
| scoring | computed by the scoring station on its prediction tables, with `cleanroom.governance.metrics` |
| room | counted by the pipeline from the room's and the portal's records (uploads, audit log, runs) |
| transcripts | graded by `cleanroom.governance.generative` on a generative model's recorded transcripts |
| answers | a document control: stands in the owner's answers file, bound by the answers digest |
| record | derived by governance from the release record itself, each time the gate is asked |
| operation | exists only after a release: warnings, answers, incidents |
| unavailable | not measurable yet; `UNAVAILABLE` says why, and the gate treats it as not measured |

Without `spec_version_match_rate`, `audit_chain_valid`, `raw_id_hits`, `oversight_mode_set` and `pia_approved` nothing
is ever released: nobody may waive their controls.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Supplier(StrEnum):
    SCORING = "scoring"
    ROOM = "room"
    TRANSCRIPTS = "transcripts"
    ANSWERS = "answers"
    RECORD = "record"
    OPERATION = "operation"
    UNAVAILABLE = "unavailable"


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

_BY_SUPPLIER: dict[Supplier, tuple[str, ...]] = {
    Supplier.SCORING: (
        "repeat_match_rate",  # share of scores that a second run reproduces exactly
        "unjustified_attributes",  # features that are a personal attribute and have no written reason
        "min_group_share",  # smallest group's share of the evaluated accounts
        "label_rate_ratio",  # least group's rate of labels divided by the overall rate
        "proxy_auc_max",  # how well the features predict a group
        "fpr_ratio_lower_ci",  # least false-positive-rate ratio between groups
        "equal_opportunity_diff",  # greatest gap of true-positive rates between groups
        "counterfactual_flip_rate",  # share of decisions that change when only the group attribute changes
        "k_min",  # smallest cell in the tables that leave the room with the model card
        "mia_auc",  # membership inference by loss threshold
        "contribution_anomaly_z",  # greatest robust z over institutions
        "precision_at_capacity",
        "baseline_precision_at_capacity",
        "pr_auc",
        "brier",
        "baseline_brier",
        "min_segment_recall_ratio",
        "evasion_recall_drop",
        "psi_score",
        "lineage_coverage",  # share of features whose source columns are named
        "explanation_fidelity",
        "reason_code_coverage",
        "train_kwh",
    ),
    Supplier.ROOM: (
        "spec_version_match_rate",  # accepted uploads under the version in force / accepted uploads
        "audit_chain_valid",  # 1 where the room's audit log verifies from its first event
        "raw_id_hits",  # landed values that do not have a token's form
        "dq_pass_rate",  # rules of severity `fail` passed / run, over accepted uploads
        "trace_coverage",  # scored rows that name release and as-of time
        "unjustified_fields",  # uploaded fields without a written need in the answers
        "shadow_days",  # days for which the model scored in shadow
        "kill_switch_seconds",  # from the order to stop until the gate refuses
        "drill_age_days",
    ),
    Supplier.TRANSCRIPTS: (
        "paired_prompt_gap",
        "pii_leak_rate",
        "canary_leaks",
        "injection_success_rate",
        "numeric_consistency",
        "groundedness",
        "toxic_rate",
        "zh_tw_conformity",
        "citation_valid_rate",
        "label_rate",
    ),
    Supplier.ANSWERS: (
        "third_party_items_done",
        "oversight_mode_set",
        "fairness_plan_complete",
        "pia_approved",
        "choice_and_alternative_documented",
        "threat_model_approved",
        "acceptance_criteria_set",
        "explanation_plan_set",
        "disclosure_plan_set",
        "impact_assessment_done",
        "access_review_overdue_days",
        "overdue_deletions",
        "training_completion",
    ),
    Supplier.RECORD: (
        "inventory_completeness",
        "model_card_completeness",
        "grading_age_days",
        "sod_violations",
        "expired_waivers",
        "review_overdue_days",
        "report_age_days",
    ),
    Supplier.OPERATION: (
        "gate_decision",
        "incident_ack_minutes_p95",
        "open_sev1",
        "live_fpr_ratio",
        "human_review_rate_adverse",
        "release_time_p95_hours",
        "upheld_complaint_rate",
        "misrouted_alerts",
        "row_level_exports",
        "breach_notify_hours",
        "live_precision",
        "validated_precision",
        "wrongful_control_rate",
        "cost_per_1k_alerts",
    ),
}

UNAVAILABLE: dict[str, str] = {
    "critical_vulns": "needs a vulnerability database, which the locked room cannot reach: a scanner's report",
    "bytes_scanned_ratio": "the embedded warehouse does not report bytes scanned; the BigQuery job record does",
}

SUPPLIERS: dict[str, Supplier] = {
    **{metric: supplier for supplier, metrics in _BY_SUPPLIER.items() for metric in metrics},
    **dict.fromkeys(UNAVAILABLE, Supplier.UNAVAILABLE),
}

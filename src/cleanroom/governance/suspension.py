"""When a release is to be suspended: drift, an incident, a waiver or evidence that has run out, its end.

The gate refuses by itself in most of these cases. Suspending writes it down where people see it, and what is suspended
comes back only by a person's decision.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from cleanroom.contracts.governance import IncidentStanding, ReleaseRecord
from cleanroom.governance import gate
from cleanroom.governance.evidence import Estimate
from cleanroom.governance.policy import Policy
from cleanroom.governance.reasons import Reason
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import ReleaseState

# What does not heal by itself. A missing signature (a new participant) shuts the gate too, and is signed for.
LASTING = frozenset({"expired", "control_failed", "not_measurable"})


@dataclass(frozen=True)
class Drift:
    """Population stability index against the release's reference: of the scores, and of the input that moved most.
    Only finite inputs are compared; `input` is None where the release keeps no reference for any."""

    scores: Estimate
    input: Estimate | None = None
    input_name: str = ""


def why(
    policy: Policy,
    record: ReleaseRecord,
    *,
    now: datetime,
    participants: Collection[str],
    drift: Drift | None = None,
    incidents: Collection[IncidentStanding] = (),
) -> tuple[Reason, ...]:
    """Every reason to suspend this release now; () where there is none, and for a release that is not in force."""
    if record.state is not ReleaseState.RELEASED:
        return ()
    shut = gate.blockers(policy, record, now=now, participants=participants)
    return (
        *drift_reasons(policy, drift),
        *_incident_reasons(policy, record, incidents),
        *(reason for reason in shut if reason.code in LASTING),
    )


def as_text(reasons: Collection[Reason], *, longest: int = 400) -> str:
    """Both languages in one text of at most `longest` characters, as the portal keeps the reason of a suspension. What
    concerns the whole release comes first; the controls at fault are many, and the gate names them all."""
    first = sorted(reasons, key=lambda r: r.code in ("control_failed", "not_measurable"))
    half = (longest - 3) // 2
    en, zh_hant = "; ".join(str(r) for r in first), "；".join(r.zh_hant for r in first)
    return Both(_cut(en, half), _cut(zh_hant, half)).as_text


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def drift_reasons(policy: Policy, drift: Drift | None) -> list[Reason]:
    """Where the scores or an input moved further than the policy lets them; nothing where nothing was measured."""
    if drift is None:
        return []
    found, rules = [], policy.suspension
    if _over(drift.scores, rules.psi_over, rules.least_cases):
        found.append(_drifted("scores", "分數", drift.scores, rules.psi_over))
    if drift.input is not None and _over(drift.input, rules.input_psi_over, rules.least_cases):
        found.append(
            _drifted(f"input {drift.input_name}", f"輸入 {drift.input_name} ", drift.input, rules.input_psi_over)
        )
    return found


def _over(psi: Estimate, limit: float, least_cases: int) -> bool:
    return (psi.cases or 0) >= least_cases and psi.value > limit


def _drifted(en: str, zh_hant: str, psi: Estimate, limit: float) -> Reason:
    return Reason(
        "drift",
        f"the {en} drifted from the release's reference: PSI {psi.value:.3f}, the limit is {limit:g}",
        f"{zh_hant}偏離發布基準：PSI {psi.value:.3f}，上限 {limit:g}",
        "ROB-4-01",
    )


def _incident_reasons(policy: Policy, record: ReleaseRecord, incidents: Collection[IncidentStanding]) -> list[Reason]:
    open_ones = [i for i in incidents if i.closed_at is None and i.kind != "complaint"]
    own = [i for i in open_ones if i.release_id == record.draft.release_id]
    return [
        Reason(
            "incident",
            f"incident {i.incident_id} of grade {i.grade} is open",
            f"事件 {i.incident_id}（第 {i.grade} 級）未結案",
        )
        for i in own
        if i.grade in policy.suspension.incident_grades
    ]

"""From the latest artefact to a draft release at the portal: evidence, grade, model card, digests."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.governance import ReleaseDraft, ReleaseRecord
from cleanroom.errors import NotFound
from cleanroom.governance import candidates, drafts, metrics, model_card, risk
from cleanroom.governance.answers import Answers
from cleanroom.governance.evidence import Estimate, Evidence
from cleanroom.governance.metrics import prediction_tables
from cleanroom.governance.policy import Policy, load_policy
from cleanroom.governance.reasons import Reason
from cleanroom.pipeline import artefacts, candidate, drift, own_drafts, room_evidence
from cleanroom.pipeline.code_version import code_commit
from cleanroom.pipeline.history import HORIZON, data_snapshot, read_history
from cleanroom.pipeline.steps import Detail, StepResult
from cleanroom.scoring import backtest, evidence, group_evidence
from cleanroom.scoring.artefact import Artefact
from cleanroom.scoring.features import model_features
from cleanroom.scoring.snapshot import Snapshot
from cleanroom.scoring.training import train_artefact
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

MODEL_TYPE = {
    "en": "gradient boosted trees with monotone features, calibrated (LightGBM)",
    "zh_hant": "梯度提升樹，特徵單調且經校準（LightGBM）",
}
_SHOWN = ("precision_at_capacity", "baseline_precision_at_capacity", "recall_at_capacity", "amount_recall_at_capacity",
          "pr_auc", "brier", "baseline_brier", "selection_rate_ratio")  # fmt: skip
# Figures of the room that a candidate is measured again for; what only grows with the clock is not among them.
_MOVING = ("shadow_days", "psi_score", "kill_switch_seconds", "critical_vulns")
WATTS_PER_CORE = 15.0  # a server core under load, its share of memory and cooling included; an assumption, stated
LIMITS = (
    {
        "en": "Accounts of institutions that do not take part are seen only as the other end of a transfer.",
        "zh_hant": "未參與機構之帳戶僅以交易對手出現。",
    },
    {
        "en": "Learned from listed against unlisted accounts: what is never reported is never learned.",
        "zh_hant": "以警示與未警示帳戶學習；從未通報之手法無從學得。",
    },
    {
        "en": "An account that lowers its dealings is found less often; see the evasion figures.",
        "zh_hant": "降低往來之帳戶較不易被找出，參見規避測試之數值。",
    },
    {
        "en": "Out-of-time figures count every account that was not listed within the horizon as wrong: they are lower "
        "bounds.",
        "zh_hant": "時間外驗證將期間內未列警示者一律視為錯誤，故所列數值為下限。",
    },
    {
        "en": "Accounts that stay silent after their listing look quieter than they were; features may only raise the "
        "score.",
        "zh_hant": "警示後停止往來之帳戶看似較平靜；特徵僅得提高分數。",
    },
)


@dataclass(frozen=True)
class Measuring:
    """What one evaluation stands on. `evidence`: of the room. `reference`: what drift is measured against, of the
    candidate's first evaluation; None at that one."""

    policy: Policy
    answers: Answers
    artefact: Artefact
    code_commit: str
    data_snapshot: str
    developer: str
    evidence: Mapping[str, Evidence]
    reference: dict | None
    now: datetime

    @property
    def release_id(self) -> str:
        """The same model, answers, policy, code and data by the same developer is the same release."""
        return f"{self.answers.model}-{digest_of(self._bound)[:16]}"

    @property
    def digest(self) -> str:
        """Changes where the draft would say something else: what is bound, and what the room measured meanwhile."""
        moving = {name: self.evidence[name].value for name in _MOVING if name in self.evidence}
        return digest_of([*self._bound, moving])

    @property
    def _bound(self) -> list[str]:
        policy, answers, artefact = self.policy.digest, self.answers.digest, self.artefact.digest
        return [policy, answers, artefact, self.code_commit, self.data_snapshot, self.developer]


def draft_and_submit(room: "Room", answers: Answers, *, developer: str, now: datetime) -> StepResult:
    """Draft the release of the latest artefact, or measure the candidate again under the name that it has; submit it
    once nothing but signatures is missing. What was submitted stands as it is, and so does what has not changed.

    Raises PolicyInvalid for incomplete answers, ArtefactRefused, NotAllowed from the portal.
    """
    trained = artefacts.need_latest(room.settings)
    standing = candidate.record_of(room, trained)
    if standing is not None and standing.state is not ReleaseState.EVALUATED:
        standing = None  # decided on: the same content finds it by its name, other content is another release
    policy = load_policy(room.settings.policy_file)
    measuring = _measuring(room, policy, answers, trained, standing, developer, now)
    if standing is not None and _was_waived_for_now(measuring, standing):
        return _drafted(room, trained, _submitted_if_ripe(room, policy, standing, now), policy, now)
    release_id = standing.draft.release_id if standing else measuring.release_id
    record = standing or _standing(room, release_id)
    if record is None or (standing is not None and trained.measured_on != measuring.digest):
        draft = _draft(room, measuring, release_id)
        own_drafts.note(room.settings, draft)
        record = room.portal.draft_release(draft)
    noted = replace(trained, release_id=release_id, measured_on=measuring.digest)
    return _drafted(room, noted, _submitted_if_ripe(room, policy, record, now), policy, now)


def _was_waived_for_now(measuring: Measuring, standing: ReleaseRecord) -> bool:
    """Whether people let pass what it lacks: measured again, its waivers would be void."""
    digests = standing.draft.digests
    same = (digests.policy, digests.answers, digests.code_commit) == (
        measuring.policy.digest, measuring.answers.digest, measuring.code_commit,
    )  # fmt: skip
    return same and bool(standing.waivers) and not candidates.shortfalls(measuring.policy, standing, now=measuring.now)


def _submitted_if_ripe(room: "Room", policy: Policy, record: ReleaseRecord, now: datetime) -> ReleaseRecord:
    ripe = record.state is ReleaseState.EVALUATED and not candidates.shortfalls(policy, record, now=now)
    return room.portal.submit_release(record.draft.release_id) if ripe else record


def _drafted(room: "Room", noted: artefacts.Latest, record: ReleaseRecord, policy: Policy, now: datetime) -> StepResult:
    artefacts.note(room.settings, noted)
    missing = candidates.shortfalls(policy, record, now=now) if record.state is ReleaseState.EVALUATED else ()
    return StepResult(rows=len(record.draft.controls), detail=_detail(record, missing))


def _measuring(
    room: "Room",
    policy: Policy,
    answers: Answers,
    trained: artefacts.Latest,
    standing: ReleaseRecord | None,
    developer: str,
    now: datetime,
) -> Measuring:
    artefact = artefacts.read(room, trained.digest)
    release_id = standing.draft.release_id if standing else None
    return Measuring(
        policy=policy,
        answers=answers,
        artefact=artefact,
        code_commit=code_commit(stamped=room.settings.code_commit),
        data_snapshot=data_snapshot(room),
        developer=developer,
        evidence=room_evidence.collect(room, answers, now=now, artefact_digest=artefact.digest, release_id=release_id),
        reference=_first_reference(room, standing),
        now=now,
    )


def _first_reference(room: "Room", standing: ReleaseRecord | None) -> dict | None:
    """Of the draft that stands, where it is this room's own."""
    if standing is None or any(own_drafts.strange(room.settings, standing)):
        return None
    return standing.draft.model_card.get("drift_reference") or None


def _standing(room: "Room", release_id: str) -> ReleaseRecord | None:
    try:
        return room.portal.release(release_id)
    except NotFound:
        return None


def _draft(room: "Room", measuring: Measuring, release_id: str) -> ReleaseDraft:
    policy, artefact, now = measuring.policy, measuring.artefact, measuring.now
    subject = _subject(policy, artefact, read_history(room))
    count = _predictions(room, subject, release_id)
    measured = evidence.measure(subject) | group_evidence.measure_groups(count)
    known = {name: estimate.at(now, detail) for name, (estimate, detail) in measured.items()}
    known |= _repeated(subject, now) | measuring.evidence
    smallest = int(policy.settings["smallest_cell"])
    cell = group_evidence.smallest_cell(count, smallest=smallest)
    if cell is not None:
        known["k_min"] = cell.at(now, "cases behind each rate that the model card shows")
    card = _card(measuring, subject, release_id, known, group_evidence.group_tables(count, smallest=smallest))
    return drafts.compose(
        policy,
        release_id=release_id,
        answers=measuring.answers,
        evidence=known,
        model_card=card,
        artefact_digest=artefact.digest,
        code_commit=measuring.code_commit,
        data_snapshot=measuring.data_snapshot,
        developer=measuring.developer,
        evaluated_at=now,
    )


def _subject(policy: Policy, artefact: Artefact, history: list[Snapshot]) -> evidence.Subject:
    predictions = backtest.replay(history, horizon=HORIZON)
    return evidence.Subject(artefact, history, predictions, int(policy.settings["alert_capacity"]))


def _predictions(room: "Room", subject: evidence.Subject, release_id: str) -> group_evidence.Count:
    """Keep the predictions of this release in place of the last draft's, and count groups where they lie."""
    rows = group_evidence.prediction_table(subject, model_version=release_id)
    room.warehouse.replace_rows(prediction_tables.TABLE, rows)
    return partial(_count, room, release_id)


def _count(room: "Room", release_id: str, column: str, sample: str) -> list[metrics.GroupCounts]:
    return prediction_tables.count_groups(room.warehouse.query, column, model_version=release_id, sample=sample)


def _repeated(subject: evidence.Subject, now: datetime) -> dict[str, Evidence]:
    """Train once more from the same data, compare every score, and take the energy of it."""
    started = time.process_time()
    again = train_artefact(subject.history, horizon=HORIZON, data_snapshot=subject.artefact.training["data_snapshot"])
    kwh = (time.process_time() - started) * WATTS_PER_CORE / 3_600_000
    both = (a.model().margins(subject.latest.matrix) for a in (subject.artefact, again))
    match = metrics.repeat_match_rate(*both)
    found = {"train_kwh": Estimate(kwh).at(now, f"processor time of one training at {WATTS_PER_CORE:g} W per core")}
    if match is not None:
        found["repeat_match_rate"] = match.at(now, "trained again from the same data, every account scored again")
    return found


def _card(
    measuring: Measuring, subject: evidence.Subject, release_id: str, known: dict[str, Evidence], tables: dict
) -> dict:
    answers = measuring.answers
    return model_card.build(
        measuring.policy,
        answers,
        risk.grade(measuring.policy, answers.factor_values, answers.declared_values),
        developer=measuring.developer,
        model_type=MODEL_TYPE,
        version=release_id,
        training_data=_training_data(subject),
        features={f.name: {"en": f.en, "zh_hant": f.zh_hant} for f in model_features()},
        metrics={name: known[name].value if name in known else None for name in _SHOWN},
        metrics_by_group=tables,
        limits=LIMITS,
        last_validation=measuring.now.date().isoformat(),
        drift_reference=measuring.reference or drift.reference_of(subject.artefact, subject.latest),
    )


def _training_data(subject: evidence.Subject) -> dict:
    facts = subject.artefact.training
    return {
        "as_of": facts["as_of"],
        "accounts": facts["accounts"],
        "watch_listed": facts["watch_listed"],
        "institutions": len(evidence.contributions(subject.latest)),
        "labels": {
            "en": "watch-listed at the cut-off as positives; all others unlabelled, not innocent",
            "zh_hant": "截止時點已列警示者為正例；其餘為未標記，並非無辜",
        },
        "replayed_cut_offs": facts["replayed_cut_offs"],
        "horizon_days": facts["horizon_days"],
        "snapshot": facts["data_snapshot"],
    }


def _detail(record: ReleaseRecord, missing: tuple[Reason, ...]) -> Detail:
    """`missing`: what a candidate lacks before it can be submitted."""
    outcomes = [c.outcome for c in record.draft.controls]
    counted = {f"controls_{o}": outcomes.count(o) for o in ControlOutcome}
    lacking = {"lacks": ", ".join(dict.fromkeys(r.control_id or r.code for r in missing))} if missing else {}
    return {
        "release_id": record.draft.release_id,
        "state": str(record.state),
        **lacking,
        "tier": str(record.draft.tier),
        "risk_score": record.draft.score,
        "artefact": record.draft.digests.artefact,
        **counted,
    }

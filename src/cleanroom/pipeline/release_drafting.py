"""From the latest artefact to a draft release at the portal: evidence, grade, model card, digests."""

import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.governance import ReleaseDraft, ReleaseRecord
from cleanroom.errors import NotFound
from cleanroom.governance import drafts, metrics, model_card, risk
from cleanroom.governance.answers import Answers
from cleanroom.governance.evidence import Estimate, Evidence
from cleanroom.governance.metrics import prediction_tables
from cleanroom.governance.policy import Policy, load_policy
from cleanroom.pipeline import artefacts, drift, own_drafts, room_evidence
from cleanroom.pipeline.code_version import code_commit
from cleanroom.pipeline.history import HORIZON, data_snapshot, read_history
from cleanroom.pipeline.release_request import declared_answers
from cleanroom.pipeline.steps import Detail, StepResult
from cleanroom.scoring import backtest, evidence, group_evidence
from cleanroom.scoring.artefact import Artefact
from cleanroom.scoring.features import model_features
from cleanroom.scoring.snapshot import Snapshot
from cleanroom.scoring.training import train_artefact
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

MODEL_TYPE = "gradient boosted trees with monotone features, calibrated (LightGBM)"
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


def draft_and_submit(
    room: "Room", *, developer: str, factors: dict | None, declared: dict | None, evidence_documents: dict | None
) -> StepResult:
    """Draft the release of the latest artefact and submit it. A release that stands already is left as it is.

    Raises PolicyInvalid for incomplete answers, ArtefactRefused, NotAllowed from the portal.
    """
    policy, digest = load_policy(room.settings.policy_file), artefacts.need_latest(room.settings).digest
    answers = declared_answers(factors, declared, evidence_documents)
    commit = code_commit(stamped=room.settings.code_commit)
    artefact, data = artefacts.read(room, digest), data_snapshot(room)
    release_id = release_name(policy, answers, digest, commit, data, developer)
    record = _standing(room, release_id)
    if record is None:
        draft = _draft(room, policy, answers, artefact, release_id, commit, data, developer)
        own_drafts.note(room.settings, draft)
        record = room.portal.draft_release(draft)
    if record.state is ReleaseState.EVALUATED:
        record = room.portal.submit_release(release_id)
    artefacts.note(room.settings, artefacts.Latest(digest, release_id))
    return StepResult(rows=len(record.draft.controls), detail=_detail(record))


def release_name(policy: Policy, answers: Answers, artefact: str, commit: str, data: str, developer: str) -> str:
    """The same model, answers, policy, code and data by the same developer is the same release."""
    bound = [policy.digest, answers.digest, artefact, commit, data, developer]
    return f"{answers.model}-{digest_of(bound)[:16]}"


def _standing(room: "Room", release_id: str) -> ReleaseRecord | None:
    try:
        return room.portal.release(release_id)
    except NotFound:
        return None


def _draft(
    room: "Room",
    policy: Policy,
    answers: Answers,
    artefact: Artefact,
    release_id: str,
    commit: str,
    data: str,
    developer: str,
) -> ReleaseDraft:
    history, now = read_history(room), datetime.now(UTC)
    subject = _subject(policy, artefact, history)
    count = _predictions(room, subject, release_id)
    measured = evidence.measure(subject) | group_evidence.measure_groups(count)
    known = {name: estimate.at(now, detail) for name, (estimate, detail) in measured.items()}
    known |= _repeated(subject, now) | room_evidence.collect(room, answers, now=now, artefact_digest=artefact.digest)
    smallest = int(policy.settings["smallest_cell"])
    cell = group_evidence.smallest_cell(count, smallest=smallest)
    if cell is not None:
        known["k_min"] = cell.at(now, "cases behind each rate that the model card shows")
    tables = group_evidence.group_tables(count, smallest=smallest)
    card = _card(policy, answers, subject, release_id, developer, known, tables, now)
    return drafts.compose(
        policy,
        release_id=release_id,
        answers=answers,
        evidence=known,
        model_card=card,
        artefact_digest=artefact.digest,
        code_commit=commit,
        data_snapshot=data,
        developer=developer,
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
    policy: Policy,
    answers: Answers,
    subject: evidence.Subject,
    release_id: str,
    developer: str,
    known: dict[str, Evidence],
    tables: dict,
    now: datetime,
) -> dict:
    shown = ("precision_at_capacity", "baseline_precision_at_capacity", "recall_at_capacity",
             "amount_recall_at_capacity", "pr_auc", "brier", "baseline_brier", "selection_rate_ratio")  # fmt: skip
    return model_card.build(
        policy,
        answers,
        risk.grade(policy, answers.factor_values, answers.declared_values),
        developer=developer,
        model_type=MODEL_TYPE,
        version=release_id,
        training_data=_training_data(subject),
        features={f.name: f"{f.en} / {f.zh_hant}" for f in model_features()},
        metrics={name: known[name].value if name in known else None for name in shown},
        metrics_by_group=tables,
        limits=LIMITS,
        last_validation=now.date().isoformat(),
        drift_reference=drift.reference_of(subject.artefact, subject.latest),
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


def _detail(record: ReleaseRecord) -> Detail:
    outcomes = [c.outcome for c in record.draft.controls]
    counted = {f"controls_{o}": outcomes.count(o) for o in ControlOutcome}
    return {
        "release_id": record.draft.release_id,
        "state": str(record.state),
        "tier": str(record.draft.tier),
        "risk_score": record.draft.score,
        "artefact": record.draft.digests.artefact,
        **counted,
    }

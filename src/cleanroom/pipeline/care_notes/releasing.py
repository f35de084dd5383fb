"""From a graded recording to a draft release at the portal, and to a note under its certificate.

The generative model goes through the policy, the gate and the certificate that the scoring model goes through; only
what is measured differs.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.governance import ControlResult, ReleaseDraft, ReleaseRecord
from cleanroom.contracts.messages import WarningBody
from cleanroom.dispatch.care_notes.drafting import Drafter, NoteRequest, artefact_digest
from cleanroom.dispatch.care_notes.facts import FIELDS_READ, care_facts
from cleanroom.dispatch.care_notes.wording import wording
from cleanroom.errors import ArtefactRefused, NotFound
from cleanroom.governance import controls, drafts, gate, metrics, model_card, risk
from cleanroom.governance.answers import Answers, load_answers
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.generative import transcripts as recordings
from cleanroom.governance.generative.grading import Grades, grade
from cleanroom.governance.generative.judges import Judge
from cleanroom.governance.generative.suites import load_suites
from cleanroom.governance.generative.transcripts import Language, Transcript
from cleanroom.governance.policy import AiKind, Policy, load_policy
from cleanroom.governance.reasons import Reason
from cleanroom.pipeline import room_evidence
from cleanroom.pipeline.code_version import code_commit
from cleanroom.pipeline.gate import Asker, participants
from cleanroom.vocabulary.terms import ReleaseState

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

LIMITS = (
    {
        "en": "Measured on made-up notices and on the attacks of the suite; another attack may succeed.",
        "zh_hant": "以虛構通報及題組所列攻擊測量；題組以外之攻擊仍可能成功。",
    },
    {
        "en": "Groundedness sees invented wording and not a denial; names and addresses are not looked for.",
        "zh_hant": "可溯性可發現捏造之文字，無法發現否定；不檢查姓名及地址。",
    },
    {
        "en": "Insults and treatment are found by word lists, and by a judging model where one is named.",
        "zh_hant": "不當用語及差別待遇依詞表判定，另指定評審模型時併用之。",
    },
    {
        "en": "What comes back from a hosted model may change without notice: the release ends with its evidence.",
        "zh_hant": "託管模型之回覆可能未經通知而改變；發布隨證據到期而終止。",
    },
)


def care_note_answers() -> Answers:
    """The owner's answers for this use case, as they ship."""
    return load_answers(Path(str(files("cleanroom.governance") / "answers_files" / "care-call-notes.yaml")))


def draft_and_submit(
    room: "Room", recording: Sequence[Transcript], judge: Judge, *, developer: str
) -> tuple[ReleaseRecord, Grades]:
    """Grade the recording, draft its release and submit it. A release that stands already is left as it is.

    Raises what grading raises, ArtefactRefused for a recording of another wording than this software's, NotAllowed
    from the portal.
    """
    policy, answers, now = load_policy(room.settings.policy_file), care_note_answers(), datetime.now(UTC)
    grades = grade(recording, load_suites(), judge)
    known = room_evidence.collect(room, answers, now=now)
    draft = compose(policy, answers, recording, grades, known, developer=developer, commit=code_commit(), now=now)
    try:
        record = room.portal.release(draft.release_id)
    except NotFound:
        record = room.portal.draft_release(draft)
    if record.state is ReleaseState.EVALUATED:
        record = room.portal.submit_release(draft.release_id)
    return record, grades


def compose(
    policy: Policy,
    answers: Answers,
    recording: Sequence[Transcript],
    grades: Grades,
    known: Mapping[str, Evidence],
    *,
    developer: str,
    commit: str,
    now: datetime,
) -> ReleaseDraft:
    """The draft of the drafter that was recorded. `known`: what the room measured; the recording's own figures stand
    over it. The data snapshot is the recording's digest."""
    one = recording[0]
    if one.prompt_version != wording().version:
        raise ArtefactRefused(
            "the recording was made with another wording than this software's; record it again",
            zh="錄製時之用語與本軟體不同；請重新錄製",
        )
    artefact, data = artefact_digest(one.model, one.prompt_version), recordings.digest(recording)
    bound = [policy.digest, answers.digest, artefact, commit, data, developer]
    release_id = f"{answers.model}-{digest_of(bound)[:16]}"
    evidence = {**known, **_own_evidence(answers, grades, now)}
    return drafts.compose(
        policy,
        release_id=release_id,
        answers=answers,
        evidence=evidence,
        model_card=_card(policy, answers, recording, grades, evidence, release_id, developer, now),
        artefact_digest=artefact,
        code_commit=commit,
        data_snapshot=data,
        developer=developer,
        evaluated_at=now,
    )


def judged(grades: Grades, policy_file: Path | None) -> tuple[tuple[ControlResult, ...], tuple[Reason, ...]]:
    """The generative controls on this grading alone, and what stops a release: every block control that is not met or
    could not be measured."""
    policy, answers = load_policy(policy_file), care_note_answers()
    tier = risk.grade(policy, answers.factor_values, answers.declared_values).tier
    own = {c.id for c in policy.controls if c.ai_kind is AiKind.GENERATIVE}
    found = controls.evaluate(
        policy, tier=tier, ai_kind=AiKind.GENERATIVE, evidence=grades.evidence, now=datetime.now(UTC)
    )
    found = tuple(r for r in found if r.control_id in own)
    stopped = controls.blocking(policy, found, after_release_due=True)
    return found, tuple(gate.control_reason(policy, r) for r in stopped)


def as_dict(grades: Grades, results: Sequence[ControlResult]) -> dict:
    """Figures, outcomes and findings as plain JSON; no text of a transcript."""
    return {
        "transcripts": grades.transcripts,
        "cases": grades.cases,
        "judge": grades.judge,
        "controls": [r.model_dump(mode="json") for r in results],
        "further": {name: vars(e) for name, e in grades.further.items()},
        "by_group": _by_group(grades),
        "findings": [vars(f) for f in grades.findings],
    }


def certified_note(
    asker: Asker, drafter: Drafter, notice: WarningBody, *, language: Language, case_text: str | None = None
) -> str:
    """A note by the drafter that is released, under its valid certificate. Raises GateClosed with every reason."""
    record = asker.portal.current_release(care_note_answers().use_case)
    gate.check(
        load_policy(asker.settings.policy_file),
        record,
        now=datetime.now(UTC),
        artefact_digest=drafter.artefact_digest,
        participants=participants(asker.portal),
        code_commit=code_commit(),
        stop=asker.portal.sending_stop(),
    )
    facts = care_facts(notice, language)
    return drafter.draft(NoteRequest(facts, wording().request[language], case_text)).text


def _own_evidence(answers: Answers, grades: Grades, now: datetime) -> dict[str, Evidence]:
    """The metrics of the generative controls, and those of general ones that a recording can tell."""
    found = dict(grades.evidence)
    unjustified = answers.unjustified_fields({"care_notice": list(FIELDS_READ)})
    found["unjustified_fields"] = Evidence(
        len(unjustified),
        measured_at=now,
        cases=len(FIELDS_READ),
        detail="fields of a notice read without a written need",
    )
    if (same := grades.further.get("repeat_match_rate")) is not None:
        found["repeat_match_rate"] = same.at(now, "requests put again that got the very same answer")
    cells = [cases for _, cases in grades.by_attack.values()] + [pairs for *_, pairs in grades.by_pair.values()]
    if (smallest := metrics.k_min(cells)) is not None:
        found["k_min"] = smallest.at(now, "cases behind each rate that the model card shows")
    return found


def _card(
    policy: Policy,
    answers: Answers,
    recording: Sequence[Transcript],
    grades: Grades,
    evidence: Mapping[str, Evidence],
    release_id: str,
    developer: str,
    now: datetime,
) -> dict:
    one = recording[0]
    shown = {name: e.value for name, e in evidence.items() if name in grades.evidence}
    return model_card.build(
        policy,
        answers,
        risk.grade(policy, answers.factor_values, answers.declared_values),
        developer=developer,
        model_type={
            "en": f"generative drafter: {one.model}, prompt {one.prompt_version}",
            "zh_hant": f"生成式草擬：{one.model}，提示版本 {one.prompt_version}",
        },
        version=release_id,
        training_data={
            "transcripts": grades.transcripts,
            "cases": grades.cases,
            "suite": one.suite,
            "first_made_at": min(t.made_at for t in recording).isoformat(),
            "judge": grades.judge,
        },
        features={name: need.model_dump() for name, need in answers.field_needs.get("care_notice", {}).items()},
        metrics=shown | {name: e.value for name, e in grades.further.items()},
        metrics_by_group=_by_group(grades),
        limits=LIMITS,
        last_validation=now.date().isoformat(),
    )


def _by_group(grades: Grades) -> dict[str, dict[str, dict[str, float | None]]]:
    attacks = {kind: {"succeeded": n / cases, "cases": cases} for kind, (n, cases) in grades.by_attack.items()}
    pairs = {
        f"{attribute}: {treatment}": {"gap": abs(a - b) / n if n else None, "pairs": n}
        for (attribute, treatment), (a, b, n) in grades.by_pair.items()
    }
    return {"attacks": attacks, "pairs": pairs}

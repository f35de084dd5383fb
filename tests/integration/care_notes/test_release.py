"""A generative drafter goes the scoring model's way: recorded, graded, released by people, certified, used."""

import base64
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

import pytest
from nacl.signing import SigningKey

from cleanroom.cli import main as command
from cleanroom.dispatch.care_notes.drafting import TemplateDrafter
from cleanroom.errors import ArtefactRefused, GateClosed, ModelFault
from cleanroom.governance import drafts, gate
from cleanroom.governance.generative import transcripts
from cleanroom.governance.generative.grading import grade
from cleanroom.governance.generative.judges import RuleJudge
from cleanroom.governance.generative.labels import has_note_form
from cleanroom.governance.generative.suites import load_suites
from cleanroom.governance.generative.transcripts import Language
from cleanroom.governance.policy import AiKind, load_policy
from cleanroom.governance.reports import pack, pages, verify_pack
from cleanroom.pipeline.care_notes import releasing
from cleanroom.pipeline.care_notes.keeping import record_to
from cleanroom.pipeline.care_notes.made_up import care_notices
from cleanroom.pipeline.care_notes.recording import Plan, record
from cleanroom.settings import RoomSettings
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.ports import Warehouse
from cleanroom.stores.warehouse import open_warehouse
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState, Tier
from tests.factories import drafters, evaluated_room, scoring_release
from tests.factories.chat_endpoint import completion, serving
from tests.factories.drafters import Turned
from tests.factories.releases import passing_evidence
from tests.factories.scoring_room import CODES
from tests.fakes.portal import MemoryPortal

COMMIT = "c" * 40
SMALL = Plan(notes=4, per_attack=1, per_pair=1, per_scope=1, repeated=2)
FAIR = replace(SMALL, per_pair=5)  # enough pairs of every attribute to be judged
GENERATIVE = {"FAI-3-03", "PRI-3-02", "ROB-3-04", "ROB-3-05", "ROB-3-06", "TRA-4-02"}


@cache
def policy():
    return load_policy()


def draft_of(drafter, plan: Plan):
    """Its own recording for the generative controls; everything else that the policy asks for is met."""
    now = datetime.now(UTC)
    recording = tuple(record(drafter, load_suites(), plan))
    grades = grade(recording, load_suites(), RuleJudge())
    known = passing_evidence(policy(), now, Tier.R2)
    answers = releasing.care_note_answers()
    return releasing.compose(
        policy(), answers, recording, grades, known, developer="dev", commit=COMMIT, now=datetime.now(UTC)
    )


def stopped(draft) -> dict[str, list[str]]:
    """Generative controls that are not met, with their metrics."""
    found: dict[str, list[str]] = {}
    for r in draft.controls:
        if r.control_id in GENERATIVE and r.outcome is not ControlOutcome.PASS:
            found.setdefault(r.control_id, []).append(r.metric)
    return found


@pytest.mark.slow
def test_the_templates_release_passes_and_opens_the_gate_for_itself_alone(monkeypatch, tmp_path):
    draft = draft_of(TemplateDrafter(), Plan())
    assert draft.tier is Tier.R2 and draft.declared["generative"]
    assert {c.id for c in policy().controls if c.ai_kind is AiKind.GENERATIVE} == GENERATIVE
    assert stopped(draft) == {}
    drafts.check_draft(policy(), draft, now=datetime.now(UTC))
    assert {r.control_id for r in draft.controls} >= GENERATIVE
    portal = MemoryPortal()
    portal.draft_release(draft)
    portal.submit_release(draft.release_id)
    record_ = scoring_release.release(portal, draft.release_id)
    now = datetime.now(UTC)
    asked = {"now": now, "participants": CODES, "code_commit": COMMIT}
    assert gate.check(policy(), record_, artefact_digest=TemplateDrafter().artefact_digest, **asked).tier is Tier.R2
    other = Turned("other", drafters.inventive)
    with pytest.raises(GateClosed, match="artefact is not the one"):
        gate.check(policy(), record_, artefact_digest=other.artefact_digest, **asked)
    assert verified(tmp_path / "pack.zip", record_) == 0
    desk = Desk(tmp_path, portal)
    monkeypatch.setattr(releasing, "code_commit", lambda: COMMIT)
    monkeypatch.setattr(releasing, "participants", lambda _: list(CODES))
    note = releasing.certified_note(desk, TemplateDrafter(), care_notices(1, seed=1)[0], language=Language.CHINESE)
    assert has_note_form(note, refused=False)
    with pytest.raises(GateClosed, match="artefact"):
        releasing.certified_note(desk, other, care_notices(1, seed=1)[0], language=Language.CHINESE)


def verified(path, record_) -> int:
    """The exit code of the stand-alone verifier for the release's evidence pack."""
    key = SigningKey.generate()
    public = _text(bytes(key.verify_key))
    judged = pages.judge(policy(), record_, receivers=CODES, at=datetime.now(UTC))
    assert judged.open
    sealed = pack.build(
        judged, sign=lambda domain, payload: (public, _text(key.sign(domain + payload).signature)), with_pdf=False
    )
    path.write_bytes(sealed)
    return verify_pack.main([str(path), f"--room-key={public}"])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Desk:
    def __init__(self, home, portal):
        self.settings, self.portal, self.objects = RoomSettings(home=home), portal, None


@pytest.mark.parametrize(
    ("turn", "named"),
    [
        (drafters.obedient, {"ROB-3-04": "injection_success_rate", "PRI-3-02": "pii_leak_rate"}),
        (drafters.talkative, {"PRI-3-02": "canary_leaks"}),
        (drafters.biased, {"FAI-3-03": "paired_prompt_gap"}),
        (drafters.inventive, {"ROB-3-05": "numeric_consistency", "TRA-4-02": "citation_valid_rate"}),
    ],
)
def test_a_drafter_that_goes_wrong_is_refused_with_its_reasons(turn, named):
    draft = draft_of(Turned(turn.__name__, turn), FAIR if turn is drafters.biased else SMALL)
    portal = MemoryPortal()
    portal.draft_release(draft)
    reasons = gate.blockers(policy(), portal.release(draft.release_id), now=datetime.now(UTC), participants=CODES)
    said = {(r.control_id, metric) for r in reasons for metric in [r.en.split()[0]] if r.code == "control_failed"}
    assert set(named.items()) <= said
    values = {r.metric: r.value for r in draft.controls}
    sound = {r.metric: r.value for r in draft_of(TemplateDrafter(), SMALL).controls}
    for metric in named.values():  # not for want of cases: the figure itself is far from the template's
        assert abs(values[metric] - sound[metric]) > 0.01, metric
    assert any("\u4e00" <= c <= "\u9fff" for r in reasons for c in r.zh_hant)


def test_a_recording_of_another_wording_is_no_evidence_for_this_one():
    recording = tuple(record(TemplateDrafter(), load_suites(), SMALL))
    grades = grade(recording, load_suites(), RuleJudge())
    older = [t.model_copy(update={"prompt_version": "older"}) for t in recording]
    with pytest.raises(ArtefactRefused, match="another wording"):
        releasing.compose(
            policy(), releasing.care_note_answers(), older, grades, {}, developer="dev", commit=COMMIT,
            now=datetime.now(UTC),
        )  # fmt: skip


@dataclass
class Room:
    settings: RoomSettings
    warehouse: Warehouse
    portal: MemoryPortal
    objects: LocalObjectStore


def test_a_room_drafts_and_submits_a_recording_once(tmp_path):
    settings = RoomSettings(home=tmp_path)
    room = Room(settings, open_warehouse(settings), MemoryPortal(), LocalObjectStore(settings.objects_dir))
    evaluated_room._land(room.warehouse, "808")
    recording = tuple(record(TemplateDrafter(), load_suites(), SMALL))
    submitted, grades = releasing.draft_and_submit(room, recording, RuleJudge(), developer="dev")
    assert submitted.state is ReleaseState.SUBMITTED and submitted.draft.use_case == "care-call-note-draft"
    assert submitted.draft.digests.data_snapshot == transcripts.digest(recording)
    held = {r.metric: r.value for r in submitted.draft.controls}
    assert held["raw_id_hits"] == 0 and held["unjustified_fields"] == 0 and held["label_rate"] == 1
    assert grades.evidence.keys() <= held.keys()
    again, _ = releasing.draft_and_submit(room, recording, RuleJudge(), developer="dev")
    assert again == submitted
    room.warehouse.close()


# --- recording over a real endpoint, and going on after a fault ---


def answering(body: dict):
    """A small model of its own: cites the guidance it was given, in the language of its rules."""
    chinese = "你協助金融機構" in body["messages"][0]["content"]
    return completion("以開放式問題了解付款緣由。[G2]" if chinese else "Ask open questions about the payment. [G2]")


def test_any_endpoint_is_recorded_and_graded_by_the_same_commands(tmp_path, monkeypatch, capsys):
    out, figures = tmp_path / "r.jsonl", tmp_path / "r.json"
    with serving(answering) as endpoint:
        monkeypatch.setenv("CLEANROOM_MODEL_URL", endpoint.url)
        monkeypatch.setenv("CLEANROOM_MODEL_NAME", "small")
        monkeypatch.setenv("CLEANROOM_LANGUAGE", "en")
        monkeypatch.setenv("CLEANROOM_HOME", str(tmp_path))
        small = ["--notes=2", "--per-attack=1", "--per-pair=1"]
        base = ["governance", "transcripts"]
        assert command([*base, "record", "--drafter", "model", "--out", str(out), *small]) == 0
        asked = len(endpoint.asked)
    found = transcripts.read(out)
    assert asked == len(found) > 250 and {t.model for t in found} == {"small"}
    assert command([*base, "grade", str(out), "--json", str(figures)]) == GateClosed.exit_code  # too few cases
    told = capsys.readouterr()
    assert "PRI-3-02" in told.err and "label_rate" in told.out
    said = json.loads(figures.read_text(encoding="utf-8"))
    assert {c["control_id"] for c in said["controls"]} == GENERATIVE
    assert said["further"]["refusal_accuracy"]["value"] < 1  # it refuses nothing
    out.write_bytes(b"{\n")
    assert command([*base, "grade", str(out)]) == 11


def test_a_note_is_asked_for_with_a_notice_or_refused(tmp_path, capsys):
    broken = tmp_path / "body.json"
    broken.write_text('{"handle": "h-secret"}', encoding="utf-8")
    assert command(["governance", "transcripts", "note", "--notice", str(broken)]) == 11
    assert "h-secret" not in capsys.readouterr().err


class Failing(TemplateDrafter):
    """Fails once it has answered `left` requests."""

    def __init__(self, left: int):
        self.left = left

    def draft(self, request):
        self.left -= 1
        if self.left < 0:
            raise ModelFault("no answer")
        return super().draft(request)


def test_a_recording_goes_on_where_it_ended(tmp_path):
    out, suites = tmp_path / "r.jsonl", load_suites()
    with pytest.raises(ModelFault):
        record_to(out, Failing(30), suites, SMALL)
    assert not out.exists()
    (waiting,) = tmp_path.iterdir()
    assert waiting.stat().st_mode & 0o077 == 0
    waiting.write_bytes(waiting.read_bytes() + b'{"half": ')  # killed while it wrote
    second = Failing(10_000)
    found = record_to(out, second, suites, SMALL)
    assert 10_000 - second.left == len(found) - 30
    assert [p.name for p in tmp_path.iterdir()] == ["r.jsonl"]
    assert transcripts.read(out) == found


def test_what_another_drafter_left_behind_is_not_taken(tmp_path):
    out = tmp_path / "r.jsonl"
    with pytest.raises(ModelFault):
        record_to(out, Failing(30), load_suites(), SMALL)
    found = record_to(out, Turned("other", lambda _, reply: reply), load_suites(), SMALL)
    assert {t.model for t in found} == {"other"}

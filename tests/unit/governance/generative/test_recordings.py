"""A recording is whole, from one drafter, over whole suites; what is wrong is named by line and field, never quoted."""

import json

import pytest

from cleanroom.dispatch.care_notes.drafting import TemplateDrafter
from cleanroom.errors import MalformedRows, NotFound, NothingToDo, PolicyInvalid, TooLarge
from cleanroom.governance.documents import validate
from cleanroom.governance.generative import transcripts
from cleanroom.governance.generative.coverage import check_covers
from cleanroom.governance.generative.suites import AttackKind, Attribute, Oracle, Suites, load_suites
from cleanroom.governance.generative.transcripts import Language, Transcript
from cleanroom.pipeline.care_notes.recording import Plan, record
from tests.factories.transcripts import MADE_AT, a_transcript

SMALL = Plan(notes=4, per_attack=1, per_pair=1, per_scope=1, repeated=1)


@pytest.fixture(scope="module")
def suites() -> Suites:
    return load_suites()


@pytest.fixture(scope="module")
def recording(suites) -> tuple[Transcript, ...]:
    return tuple(record(TemplateDrafter(), suites, SMALL, now=lambda: MADE_AT))


def line(**changes) -> bytes:
    return json.dumps(json.loads(a_transcript("好").model_dump_json()) | changes).encode()


def test_what_is_written_is_read_again(tmp_path, recording):
    path = tmp_path / "r.jsonl"
    transcripts.write(path, recording)
    assert transcripts.read(path) == recording
    assert path.stat().st_mode & 0o077 == 0
    again = transcripts.digest(transcripts.read(path))
    assert again == transcripts.digest(recording) != transcripts.digest(recording[1:])


@pytest.mark.parametrize(
    ("broken", "column"),
    [
        (b"{", None),
        (b"[]", None),
        (b"\xff\xfe", None),
        (b"", None),
        (line(extra=1), "extra"),
        (line(language="fr"), "language"),
        (line(made_at="2026-03-01T04:00:00"), "made_at"),
        (line(output="x" * 20_001), "output"),
        (line(pair="age-01", side="a"), None),
        (line(suite="z"), "suite"),
        (line(canaries=["short"]), "canaries.0"),
        (line(repeat=0), "repeat"),
        (line(case="A B"), "case"),
        (line(passages=[{"id": "F1", "kind": "fact", "text": "secret"}] * 2), None),
        (line(messages=[]), "messages"),
        (line(messages=[{"role": "robot", "content": "secret"}]), "messages.0.role"),
    ],
)
def test_a_broken_line_is_named_and_not_quoted(broken, column):
    with pytest.raises(MalformedRows) as refused:
        list(transcripts.parse([line(), broken], name="r.jsonl"))
    where = refused.value.where
    assert (where.file, where.row, where.column) == ("r.jsonl", 2, column)
    assert "secret" not in str(refused.value)


def test_bounds(tmp_path):
    with pytest.raises(TooLarge):
        list(transcripts.parse([b"x" * (transcripts.LINE_CAP_BYTES + 1)], name="r"))
    with pytest.raises(NothingToDo):
        transcripts.check_recording((), name="r")
    with pytest.raises(NotFound):
        transcripts.read(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    ("second", "rule"),
    [
        ({}, "twice"),
        ({"repeat": 2, "model": "other"}, "one_drafter"),
        ({"repeat": 2, "suite": "1" * 64}, "one_drafter"),
    ],
)
def test_one_drafter_one_answer(second, rule):
    with pytest.raises(MalformedRows) as refused:
        transcripts.check_recording([a_transcript("好"), a_transcript("好", **second)], name="r")
    assert refused.value.rule == rule


# --- suites ---


def test_the_suites_hold_what_they_have_to(suites):
    assert len(suites.attacks) >= 60 and len(suites.pairs) >= 40
    assert {(a.kind, a.language) for a in suites.attacks} == {(k, lang) for k in AttackKind for lang in Language}
    assert {a.place for a in suites.attacks} == {"instruction", "case_text", "turns"}
    assert {p.attribute for p in suites.pairs} == set(Attribute)
    for requests in (suites.benign, suites.out_of_scope):
        assert {r.language for r in requests} == set(Language) and len(requests) >= 12
    baits = [a for a in suites.attacks if a.kind is AttackKind.TOOL_BAIT]
    assert baits and all(a.tools and a.oracle.calls_tool for a in baits)


def test_an_oracle_asks_for_nothing_that_a_sound_note_holds(suites, recording):
    from cleanroom.governance.generative.texts import squeezed

    said = {squeezed(t.output) for t in recording}
    phrases = [squeezed(p) for a in suites.attacks for p in a.oracle.says]
    assert len(phrases) > 50 and all(phrases)
    assert not [p for p in phrases if any(p in text for text in said)]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["attacks"][0].update(oracle={}),
        lambda s: s["attacks"][0].update(turns=["one"]),
        lambda s: s["attacks"].append(s["attacks"][0]),
        lambda s: s["pairs"][0]["zh"].update(text="no group"),
        lambda s: s["pairs"][0]["en"].update(a="x", b="x"),
        lambda s: s.update(benign=[]),
    ],
)
def test_a_damaged_suite_is_refused(suites, change):
    document = suites.model_dump(mode="json")
    change(document)
    with pytest.raises(PolicyInvalid):
        validate(Suites, document, name="suites")
    with pytest.raises(ValueError):
        Oracle()


# --- coverage ---


def test_a_whole_recording_covers_the_suites(suites, recording):
    check_covers(suites, recording)
    assert len({t.case for t in recording}) == 1 + len(suites.attacks) + len(suites.pairs) + 32


@pytest.mark.parametrize(
    ("kept", "changed", "rule"),
    [
        (lambda t: t.case != "direct-en-01", {}, "suite_coverage"),
        (lambda t: not (t.case == "age-01" and t.side == "b"), {}, "suite_coverage"),
        (lambda t: t.language is Language.ENGLISH, {}, "suite_coverage"),
        (None, {"suite": "1" * 64}, "suite"),
        (None, {"messages": ()}, "suite_case"),
        (None, {"planted": ("A123456789",)}, "suite_case"),
        (None, {"expected": "answer"}, "suite_case"),
    ],
)
def test_what_is_left_out_or_changed_is_found(suites, recording, kept, changed, rule):
    found = [t for t in recording if kept is None or kept(t)]
    if changed:
        place = 0  # an attack in the request itself
        found[place] = found[place].model_copy(update=changed)
    with pytest.raises(MalformedRows) as refused:
        check_covers(suites, found)
    assert refused.value.rule == rule

"""What the schema of a policy refuses, and where it says the mistake is."""

import copy
import re
from importlib.resources import files

import pytest
import yaml

from cleanroom.errors import PolicyInvalid
from cleanroom.governance import documents
from cleanroom.governance.answers import load_answers
from cleanroom.governance.policy import DEFAULT_POLICY, Policy, load_policy
from cleanroom.vocabulary.terms import Tier


@pytest.fixture
def document() -> dict:
    return documents.read_document(files("cleanroom.governance") / "policies" / f"{DEFAULT_POLICY}.yaml")


def parse(document: dict) -> Policy:
    return documents.validate(Policy, document, name="mine.yaml")


def control_of(document: dict, control_id: str) -> dict:
    return next(c for c in document["controls"] if c["id"] == control_id)


def test_the_digest_names_content_and_not_layout(policy, tmp_path, document):
    path = tmp_path / "policy.yaml"
    path.write_text("# another comment\n" + yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    assert load_policy(path).digest == policy.digest
    control_of(document, "GOV-1-01")["metrics"][0]["limit"] = 0.99
    assert parse(document).digest != policy.digest


def test_limits_by_tier(policy):
    metric = policy.control("GOV-1-02").metrics[0]
    assert [metric.limit_for(t) for t in (Tier.R1, Tier.R2, Tier.R3, Tier.R0)] == [365, 365, 180, 180]


def test_an_unknown_control_is_refused(policy):
    with pytest.raises(PolicyInvalid, match="no control GOV-9-99"):
        policy.control("GOV-9-99")


BROKEN = [
    (lambda d: control_of(d, "ROB-3-01").update(gate="maybe"), "controls.ROB-3-01.gate"),
    (lambda d: control_of(d, "FAI-3-01")["metrics"][0].pop("limit"), "controls.FAI-3-01.metrics.fpr_ratio_lower_ci"),
    (lambda d: control_of(d, "SUS-3-01")["metrics"][0].update(limit=1), "a recorded metric has neither"),
    (lambda d: control_of(d, "GOV-1-01").update(stage=2), "does not lie in cell GOV-2"),
    (lambda d: control_of(d, "GOV-1-01").update(extra=1), "controls.GOV-1-01.extra"),
    (lambda d: d["controls"].append(copy.deepcopy(d["controls"][0])), "stand twice: GOV-1-01"),
    (lambda d: d["factors"]["F1"].update(weight=30), "add up to 100"),
    (lambda d: d["factors"]["F1"]["anchors"].pop(), "factors.F1.anchors"),
    (lambda d: d["questions"].pop("calls_tools"), "does not ask: calls_tools"),
    (lambda d: d["thresholds"].update(R2_from=70), "thresholds must rise"),
    (lambda d: d["floors"][0].update(lift_one=True), "either lifts to a tier or lifts one"),
    (lambda d: d["quorum"].update(R3=["owner"]), "every sign-off of the lower one"),
    (lambda d: d["quorum"].update(R1=[], R2=[], R3=[]), "at least one"),
    (lambda d: d["settings"].pop("wrongful_control_rate_limit"), "ROB-4-02 reads the setting"),
    (lambda d: d["waivers"]["max_days"].update(R3=0), "waivers.max_days.R3"),
    (lambda d: d["waivers"].update(time_zone="Asia/Nowhere"), "waivers.time_zone"),
    (lambda d: d.pop("freshness_days"), "freshness_days"),
    (lambda d: d.update(prohibitions=[]), "prohibitions"),
    (
        lambda d: control_of(d, "ROB-3-01")["metrics"][0]["reference"].update(setting="alert_capacity"),
        "either a metric or a setting",
    ),
]


@pytest.mark.parametrize("breaks, words", BROKEN, ids=[b[1] for b in BROKEN])
def test_a_broken_policy_is_refused_at_its_place(document, breaks, words):
    breaks(document)
    with pytest.raises(PolicyInvalid) as refused:
        parse(document)
    assert words in refused.value.sentence
    assert refused.value.where.file == "mine.yaml"
    assert re.search(r"[\u4e00-\u9fff]", refused.value.zh), "in Chinese as well"


SHIPPED = (files("cleanroom.governance") / "policies" / f"{DEFAULT_POLICY}.yaml").read_text(encoding="utf-8")
WRITTEN = [
    ("gate: block", "gate: maybe", 'controls.GOV-1-01.gate: is "maybe"; give one of block, warn',
     'controls.GOV-1-01.gate：為 "maybe"；須為 block, warn 之一'),
    ("weight: 25", "weight: heavy", 'factors.F1.weight: is "heavy"; give a whole number above 0',
     'factors.F1.weight：為 "heavy"；須為大於 0 之整數'),
    ("F1:", "G1:", "factors.G1: is no name that may stand here; give a text of the form ^F[1-9]$",
     "factors.G1：不得為此處之鍵；須為符合 ^F[1-9]$ 之文字"),
    ("  gate: block\n", "  gates: block\n", "the keys here are", "此處之鍵為"),
    ("settings:\n", "settings:\n  more: yes\n", "settings.more: is true; give a number",
     "settings.more：為 true；須為數值"),
    ("candidate_days:", "other_days:", "reads the setting candidate_days", "讀取設定 candidate_days"),
    ("adopted_on: ", "adopted_on: soon #", "give a day such as 2025-10-01", "須為日期，例如 2025-10-01"),
    ("R3: 90", "R3: 9000", "is 9000; give a whole number from 1 to 3660",
     "為 9000；須為 1 至 3660 之整數"),
    ("text:\n", "texts:\n", "text: is missing; give a mapping with the keys en, zh_hant",
     "text：缺漏；請給定以 en, zh_hant 為鍵之鍵值對"),
]  # fmt: skip


@pytest.mark.parametrize(("stands", "written", "en", "zh"), WRITTEN, ids=[w[1] for w in WRITTEN])
def test_the_sentence_says_line_key_and_what_may_stand_there_in_both_languages(stands, written, en, zh):
    assert stands in SHIPPED
    with pytest.raises(PolicyInvalid) as refused:
        documents.load_text(Policy, SHIPPED.replace(stands, written, 1), name="mine.yaml")
    told = [refused.value, *refused.value.others]
    assert any(re.match(r"line \d+: \S+: ", e.sentence) and en in e.sentence for e in told), told
    assert any(re.match(r"第 \d+ 行：\S+：", e.zh) and zh in e.zh for e in told), [e.zh for e in told]


def told_of(text: str) -> list[str]:
    with pytest.raises(PolicyInvalid) as refused:
        documents.load_text(Policy, text, name="mine.yaml")
    return [e.sentence for e in (refused.value, *refused.value.others)]


def test_what_types_refuse_and_what_they_cannot_see_are_told_together_in_the_order_of_the_file():
    text = SHIPPED
    for stands, written in [
        ("adopted_on: 2025-06-01", "adopted_on: soon"),
        ("R2_from: 35", "R2_from: 70"),
        ("weight: 25", "weight: 26"),
        ("generative_question: ", "generative_question: un"),
        ("candidate_days:", "other_days:"),
        ("id: GOV-1-02", "id: GOV-1-01"),
        ("gate: block", "gate: maybe"),
    ]:
        assert stands in text, stands
        text = text.replace(stands, written, 1)
    told = told_of(text)
    for words in ("a day such as", "thresholds must rise", "add up to 100", "does not ask: un", "candidate_days",
                  "stand twice: GOV-1-01", "block, warn"):  # fmt: skip
        assert sum(words in sentence for sentence in told) == 1, words
    lines = [int(re.match(r"line (\d+): ", sentence)[1]) for sentence in told]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("breaks", "waiting"),
    [
        (lambda d: d["factors"]["F1"].update(weight="heavy"), "add up to 100"),
        (lambda d: d["thresholds"].update(R2_from="high"), "thresholds must rise"),
        (lambda d: d["quorum"].update(R1=["nobody"]), "every sign-off of the lower one"),
        (lambda d: d.update(questions=[]), "does not ask"),
        (lambda d: d.update(settings="none"), "reads the setting"),
        (lambda d: d["settings"].update(candidate_days="ten"), "reads the setting"),
        (lambda d: d.update(controls={}), "stand twice"),
    ],
)
def test_a_rule_waits_for_what_it_reads_and_says_nothing_of_it(document, breaks, waiting):
    breaks(document)
    with pytest.raises(PolicyInvalid) as refused:
        parse(document)
    assert not any(waiting in e.sentence for e in (refused.value, *refused.value.others))


def test_a_key_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "twice.yaml"
    path.write_text("version: a\ntitle: {en: x, en: y}\n", encoding="utf-8")
    with pytest.raises(PolicyInvalid, match="en stands twice"):
        load_policy(path)


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"controls: [", b"!!python/object:os.system {}"])
def test_a_file_that_is_not_safe_yaml_is_refused(tmp_path, raw):
    path = tmp_path / "odd.yaml"
    path.write_bytes(raw)
    with pytest.raises(PolicyInvalid, match=r"odd\.yaml"):
        load_policy(path)


@pytest.mark.parametrize("raw", [b"", b"- a", b"just words"])
def test_a_file_of_another_shape_is_refused(tmp_path, raw):
    path = tmp_path / "shape.yaml"
    path.write_bytes(raw)
    with pytest.raises(PolicyInvalid, match="the whole file"):
        load_policy(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", r"line 2: .*references"),
        ("[" * 5000, "nested deeper"),
        ("adopted_on: 2025-13-45\n", r"line 1: .*month must be in 1..12"),
        ("version: " + "1" * 5000 + "\n", r"line 1: .*limit"),
    ],
)
def test_a_text_made_to_grow_or_to_break_its_reader_is_refused(text, words):
    with pytest.raises(PolicyInvalid, match=words) as e:
        documents.load_text(Policy, text, name="sent.yaml")
    assert e.value.where.file == "sent.yaml"


def test_no_more_errors_are_told_than_a_person_mends():
    with pytest.raises(PolicyInvalid) as e:
        documents.load_text(Policy, "controls:\n" + "- {}\n" * 40, name="sent.yaml")
    assert 1 + len(e.value.others) == documents.TOLD


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(PolicyInvalid, match="no such file") as refused:
        load_policy(tmp_path / "none.yaml")
    assert "Errno" not in str(refused.value) and "查無此檔案" in refused.value.in_chinese


def test_own_answers_have_a_stable_digest_that_a_word_changes():
    answers = load_answers()
    changed = answers.model_copy(update={"model": "another"})
    assert load_answers().digest == answers.digest != changed.digest


def test_answers_of_another_shape_name_the_place(tmp_path):
    path = tmp_path / "answers.yaml"
    path.write_text("model: m\nuse_case: u\nfactors: {F1: {value: 9}}\n", encoding="utf-8")
    with pytest.raises(PolicyInvalid, match=r"answers\.yaml"):
        load_answers(path)

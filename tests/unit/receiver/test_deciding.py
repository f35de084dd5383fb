"""The first rule that fits decides; every warning fits one."""

import pytest

from cleanroom.errors import SettingsInvalid
from cleanroom.receiver.deciding import decide, load_rules
from cleanroom.vocabulary.terms import AnswerKind, Severity, WarningKind


@pytest.fixture(scope="module")
def told(sender):
    from cleanroom.receiver.opening import RoomKey, open_warning

    key = RoomKey(sender.room.signing_kid, sender.room.signing_public_key)

    def told(**changes):
        opened = open_warning(sender.warning(**changes), ring=sender.ring, room_key=key)
        rule = decide(load_rules(), opened.message, opened.body)
        return rule.answer, rule.action, rule.held_cents(opened.body)

    return told


@pytest.mark.parametrize("changes, expected", [
    ({"kind": WarningKind.CARE, "score": 1.0}, (AnswerKind.REVIEWING, "call_customer", 0)),
    ({"severity": Severity.CRITICAL, "score": 0.0}, (AnswerKind.CONTROLLED, "hold", 120_000)),
    ({"score": 0.5}, (AnswerKind.CONTROLLED, "hold", 120_000)),
    ({"score": 0.49}, (AnswerKind.CONTROLLED, "restrict", 0)),
    ({"score": 0.99, "layer": None}, (AnswerKind.REVIEWING, "none", 0)),
    ({"score": 0.04}, (AnswerKind.REVIEWING, "none", 0)),
    ({"score": 0.0}, (AnswerKind.DISMISSED, "none", 0)),
])  # fmt: skip
def test_the_shipped_rules(told, changes, expected):
    assert told(**changes) == expected


def write(tmp_path, text):
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_institution_writes_its_own(tmp_path):
    text = "- {when: {kind: mule, nearest_layer: 1}, answer: controlled, action: hold, reason: near}\n"
    text += "- {when: {}, answer: reviewing, action: none, reason: 一般審視}\n"
    near, other = load_rules(write(tmp_path, text))
    assert near.when.nearest_layer == 1 and other.reason == "一般審視"


@pytest.mark.parametrize("text, says", [
    ("[]", "must fit every warning"),
    ("- {when: {kind: care}, answer: reviewing, action: none, reason: x}", "must fit every warning"),
    ("- {when: {colour: red}, answer: reviewing, action: none, reason: x}", "colour"),
    ("- {when: {}, answer: perhaps, action: none, reason: x}", "answer"),
    ("- {when: {}, answer: dismissed, action: hold, reason: x}", "controls"),
    ("- {when: {kind: mule, least_score: 1}, answer: controlled, action: hold, reason: x}", "a person looks first"),
    ("- {when: {kind: care, severity: critical}, answer: controlled, action: none, reason: x}", "a person looks first"),
    ("- {when: {severity: critical}, answer: controlled, action: hold, reason: x}", "a person looks first"),
    ("- {when: {least_score: 2}, answer: reviewing, action: none, reason: x}", "least_score"),
    ("- {when: [", "cannot be read"),
    ("- {when: {}, answer: reviewing, action: none, reason: ''}", "reason"),
])  # fmt: skip
def test_rules_that_make_no_sense_are_refused(tmp_path, text, says):
    with pytest.raises(SettingsInvalid, match=says):
        load_rules(write(tmp_path, text))


def test_a_rule_on_layers_does_not_fit_a_warning_without_one(sender, tmp_path):
    text = "- {when: {kind: mule, nearest_layer: 6}, answer: controlled, action: hold, reason: near}\n"
    text += "- {when: {}, answer: reviewing, action: none, reason: other}\n"
    rules = load_rules(write(tmp_path, text))
    message = sender.warning(layer=None)
    assert decide(rules, message, None).reason == "other"

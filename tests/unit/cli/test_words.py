"""Both languages everywhere, and advice on every reason by which a participant's command can end."""

import string

import pytest

from cleanroom import errors
from cleanroom.cli import governance_words, lookout_words, words
from cleanroom.settings import CHINESE, ENGLISH

# What only the room's side, the portal or governance says.
NOT_A_PARTICIPANTS = {"gate_closed", "artefact_refused", "policy_invalid", "data_tests_failed"} | {
    "form_invalid",
    "index_damaged",
    "model_fault",
    "report_fault",
    "warehouse_fault",
    "delivery_fault",
}


def family(kind=errors.CleanroomError):
    for child in kind.__subclasses__():
        yield from family(child)
        if "reason" in vars(child):
            yield child.reason


def test_every_reason_has_advice():
    reasons = set(family())
    assert len(reasons) > 25
    assert set(words._DO) == reasons - NOT_A_PARTICIPANTS
    assert reasons > NOT_A_PARTICIPANTS


@pytest.mark.parametrize("table", [words._WORDS, words._DO, lookout_words._WORDS, governance_words._WORDS])
def test_both_languages_say_the_same_values(table):
    assert len(table) > 20
    for name, (english, chinese) in table.items():
        assert english.isascii(), name
        assert not chinese.isascii(), name
        fields = [{f for _, f, _, _ in string.Formatter().parse(text) if f} for text in (english, chinese)]
        assert fields[0] == fields[1], name


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({}, ENGLISH),
        ({"LANG": "C.UTF-8"}, ENGLISH),
        ({"LANG": "zh_TW.UTF-8"}, CHINESE),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "en_US.UTF-8"}, ENGLISH),
        ({"LANG": "zh_TW.UTF-8", "CLEANROOM_LANGUAGE": "en"}, ENGLISH),
        ({"LANG": "en_US.UTF-8", "CLEANROOM_LANGUAGE": "zh-hant"}, CHINESE),
    ],
)
def test_the_setting_wins_over_the_locale(monkeypatch, environment, chosen):
    for name in ("CLEANROOM_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert words.language() == chosen

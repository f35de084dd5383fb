"""Tables of words in both languages, the reader's choice, and advice on every reason by which a command can end."""

import re
import string

import pytest

from cleanroom import cli, errors
from cleanroom.cli import advice, governance_words, lookout_words, transcripts_words, words
from cleanroom.settings import CHINESE, ENGLISH

CHINESE_SIGN = re.compile(r"[\u4e00-\u9fff]")
TABLES = {
    "words": words._WORDS,
    "headings": advice.HEADINGS,
    "advice": advice._DO,
    "participants": advice._PARTICIPANT,
    "by rule": advice.BY_RULE,
    "lookout": lookout_words._WORDS,
    "lookout advice": lookout_words._DO,
    "stages": lookout_words.STAGES,
    "governance": governance_words._WORDS,
    "transcripts": transcripts_words._WORDS,
}


def family(kind=errors.CleanroomError):
    for child in kind.__subclasses__():
        yield from family(child)
        if "reason" in vars(child):
            yield child


def test_every_reason_has_a_heading_and_advice():
    reasons = {kind.reason for kind in family()}
    assert len(reasons) > 25
    assert set(advice.HEADINGS) == set(advice._DO) == reasons
    assert set(advice._PARTICIPANT) < reasons
    assert reasons > advice._OF_THE_ROOM
    assert not set(advice._PARTICIPANT) & advice._OF_THE_ROOM


@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
def test_every_error_is_said_in_the_readers_language(monkeypatch, capsys, language):
    """Its heading and what to do; the sentence too where it was raised in both."""
    monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
    for kind in family():
        error = kind("the sentence", zh="此句", where=errors.Where(file="f.csv", row=7))
        assert cli.telling.say_no(error, cli.telling.argparse.Namespace()) == kind.exit_code
        said = capsys.readouterr().err
        assert kind.reason in said
        if language == CHINESE:
            assert f"（{kind.reason}，{advice.HEADINGS[kind.reason][1]}）：f.csv，第 7 列：此句\n處理方式：" in said
        else:
            assert f"({kind.reason}): f.csv, row 7: the sentence\nWhat to do: " in said
            assert said.isascii()


@pytest.mark.parametrize("name", TABLES)
def test_both_languages_say_the_same_values(name):
    assert len(TABLES[name]) > 5
    for key, (english, chinese) in TABLES[name].items():
        assert not CHINESE_SIGN.search(english), key
        assert not chinese.isascii(), key
        fields = [{f for _, f, _, _ in string.Formatter().parse(text) if f} for text in (english, chinese)]
        assert fields[0] == fields[1], key


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


@pytest.mark.parametrize("arguments", [["--help"], ["status", "--institution", "808"], ["conformance"], ["nonsense"]])
def test_a_language_that_nobody_wrote_is_refused_before_anything_else(monkeypatch, capsys, arguments):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "fr")
    assert cli.main(arguments) == errors.SettingsInvalid.exit_code
    said = capsys.readouterr()
    assert "'fr'" in said.err and "zh-hant, en" in said.err
    assert not said.out

"""A judge that an installed package brings: found by its entry point, held to the floor, refused where it is unfit."""

import pytest

from cleanroom.cli.main import parser
from cleanroom.cli.transcripts import _judge
from cleanroom.errors import ModelFault, SettingsInvalid
from cleanroom.governance.generative.judge_plugins import installed, judge_named
from cleanroom.governance.generative.judges import Verdict
from tests.factories.transcripts import a_transcript, verdict

PACKAGE = """
from cleanroom.governance.generative.judges import Verdict


class Stern:
    name = "stern-2"

    def judge(self, transcript):
        return Verdict(refused=False, toxic=False, distrusts=False, presses="now" in transcript.output)


class Silent:
    name = "silent"

    def judge(self, transcript):
        return None


class Broken:
    name = "broken"

    def judge(self, transcript):
        raise RuntimeError(transcript.output)


def unmakeable():
    raise OSError("secret")
"""
ENTRIES = """\
[cleanroom.judges]
stern = stern_judges:Stern
silent = stern_judges:Silent
broken = stern_judges:Broken
unmakeable = stern_judges:unmakeable
rules = stern_judges:Silent
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A distribution as pip leaves it: a module, and its metadata beside it."""
    (tmp_path / "stern_judges.py").write_text(PACKAGE, encoding="utf-8")
    about = tmp_path / "stern_judges-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stern-judges\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(ENTRIES, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)


def test_it_is_found_by_name_adds_to_the_floor_and_takes_nothing_away(package):
    judge = judge_named("stern")
    assert judge.name == "rules and stern-2"
    assert judge.judge(a_transcript("pay now")) == verdict(presses=True)
    assert judge.judge(a_transcript("這個白痴")) == verdict(toxic=True), "the floor stays"
    assert isinstance(judge.judge(a_transcript("好")), Verdict)


def test_built_in_names_are_not_to_be_had(package):
    assert set(installed()) == {"stern", "silent", "broken", "unmakeable"}
    with pytest.raises(SettingsInvalid, match="there are: rules, model, broken, silent, stern, unmakeable"):
        judge_named("sterm")


@pytest.mark.parametrize(("name", "how"), [("silent", "gives no Verdict"), ("broken", "stops with RuntimeError")])
def test_one_that_does_not_fit_is_a_fault_that_tells_nothing_of_the_text(package, name, how):
    with pytest.raises(ModelFault, match=how) as refused:
        judge_named(name).judge(a_transcript("private words"))
    assert "private words" not in str(refused.value)


def test_one_that_cannot_be_made_is_a_fault(package):
    with pytest.raises(ModelFault, match=r"cannot be made \(OSError\)") as refused:
        judge_named("unmakeable")
    assert "secret" not in str(refused.value)


def test_without_such_a_package_there_are_the_two_of_the_house():
    assert installed() == {}
    with pytest.raises(SettingsInvalid, match=r"there are: rules, model \[judge\]"):
        judge_named("stern")


def test_the_command_line_takes_it_by_its_name(package):
    for action in ("grade", "release"):
        more = ["--developer", "someone"] if action == "release" else []
        options = parser().parse_args(["governance", "transcripts", action, __file__, "--judge", "stern", *more])
        assert _judge(options.judge).name == "rules and stern-2"
    assert _judge("rules").name == "rules"

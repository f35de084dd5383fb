"""docs/kit.md says of every exit code what the command itself says, and names settings and options that exist."""

import re

from cleanroom import errors
from cleanroom.cli import main as command
from cleanroom.cli.advice import for_participants
from cleanroom.settings import project_root

PAGE = (project_root() / "docs" / "kit.md").read_text(encoding="utf-8")
SAMPLE = (project_root() / "dotenv-sample").read_text(encoding="utf-8")


def family(kind=errors.CleanroomError):
    for child in kind.__subclasses__():
        yield from family(child)
        if "reason" in vars(child):
            yield child


def lines():
    for kind in sorted(family(), key=lambda kind: kind.exit_code):
        if both := for_participants().get(kind.reason):
            name = "refusal" if issubclass(kind, errors.Refusal) else "fault"
            yield kind, f"| {kind.exit_code} | `{kind.reason}` | {name} | {' | '.join(both)} |"


def test_every_reason_is_told_as_the_command_tells_it():
    wanted = [line for _, line in lines()]
    assert len(wanted) > 20
    assert [line for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)] == wanted


def test_a_scheduler_tries_faults_again_and_refusals_never():
    stated = re.search(r"RestartPreventExitStatus=([\d ]+)", PAGE)[1]
    refusals = [kind.exit_code for kind, _ in lines() if issubclass(kind, errors.Refusal)]
    assert [int(code) for code in stated.split()] == refusals


def test_every_setting_is_one_of_the_sample():
    named = set(re.findall(r"CLEANROOM_[A-Z_]+", PAGE))
    assert len(named) > 8
    assert named <= set(re.findall(r"CLEANROOM_[A-Z_]+", SAMPLE))


def test_every_command_is_understood(capsys, tmp_path, monkeypatch):
    """As far as the first thing that is missing in an empty home."""
    monkeypatch.setenv("CLEANROOM_HOME", str(tmp_path))
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "en")
    found = re.findall(r"^cleanroom (\w+) --institution 808([^#\n]*)", PAGE, flags=re.M)
    assert len(found) >= 6
    for name, options in found:
        assert command([name, "--institution", "808", *options.split()]) == errors.SettingsInvalid.exit_code, name
    assert "portal token" in capsys.readouterr().err

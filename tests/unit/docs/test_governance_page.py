"""The page of governance lists every figure with what computes it, and names commands that exist."""

import re
from pathlib import Path

import pytest

from cleanroom.cli.main import parser
from cleanroom.governance.catalogue import figures
from cleanroom.governance.policy import load_policy

PAGE = Path(__file__).resolve().parents[3] / "docs" / "stations" / "governance.md"


def test_the_table_is_the_catalogue():
    control = {m.name: c.id for c in load_policy().controls for m in c.metrics}
    wanted = [
        (name, control.get(name, "reference"), f.supplier, f.evaluator.removeprefix("cleanroom."), f.source.en)
        for name, f in figures().items()
    ]
    row = r"^\| `(\w+)` \| ([\w-]+) \| (\w+) \| `([\w.:]+)` \| (.+) \|$"
    assert re.findall(row, PAGE.read_text(encoding="utf-8"), re.MULTILINE) == wanted
    assert len(wanted) > 70


def test_its_commands_exist(capsys):
    named = set(re.findall(r"`cleanroom governance ([\w-]+)", PAGE.read_text(encoding="utf-8")))
    assert len(named) >= 7
    for action in named:
        with pytest.raises(SystemExit) as ended:
            parser().parse_args(["governance", action, "--help"])
        assert ended.value.code == 0, action
    assert "usage" in capsys.readouterr().out

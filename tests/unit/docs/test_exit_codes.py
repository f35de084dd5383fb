"""The page of the line lists every exit code, and no other."""

import re
from pathlib import Path

from cleanroom.cli.advice import HEADINGS
from cleanroom.errors import CleanroomError, Refusal

PAGE = Path(__file__).resolve().parents[3] / "docs" / "line.md"


def concrete(kind=CleanroomError):
    for child in kind.__subclasses__():
        yield from concrete(child)
        if "reason" in vars(child):
            yield child


def test_the_table_is_the_family():
    row = r"^\| (\d+) \| `(\w+)` \| (refusal|fault) \| (.+) \| (.+) \|$"
    rows = re.findall(row, PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    kinds = {kind: "refusal" if issubclass(kind, Refusal) else "fault" for kind in concrete()}
    family = {(str(k.exit_code), k.reason, name, *HEADINGS[k.reason]) for k, name in kinds.items()}
    assert len(rows) > 25
    assert set(rows) == family

"""The page of the line lists every exit code, and no other."""

import re
from pathlib import Path

from cleanroom.errors import CleanroomError, Refusal

PAGE = Path(__file__).resolve().parents[3] / "docs" / "line.md"


def concrete(kind=CleanroomError):
    for child in kind.__subclasses__():
        yield from concrete(child)
        if "reason" in vars(child):
            yield child


def test_the_table_is_the_family():
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (refusal|fault) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    family = {(str(k.exit_code), k.reason, "refusal" if issubclass(k, Refusal) else "fault") for k in concrete()}
    assert len(rows) > 25
    assert set(rows) == family

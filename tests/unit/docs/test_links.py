"""Pages do not point at nothing, and the security promises name modules and tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "infra").glob("*.md"))]


def test_links_lead_somewhere():
    links = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))]
    inside = [(page, link) for page, link in links if not link.startswith("http")]
    assert len(inside) > 5
    assert [(p.name, link) for p, link in inside if not (p.parent / link).exists()] == []


def test_every_promise_is_kept_by_something_that_exists():
    rows = re.findall(r"^\| (\d+) \| .*? \| (.*?) \| (.*?) \|$", PAGES_TEXT, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 15
    missing = [
        name
        for _, kept, shown in rows
        for name in re.findall(r"`([\w/.*]+/[\w/.*]*)`", kept + shown)
        if not found(name)
    ]
    assert missing == []


PAGES_TEXT = (ROOT / "docs" / "security-promises.md").read_text(encoding="utf-8")


def found(name: str) -> bool:
    return any(list(base.glob(name.rstrip("/"))) for base in (ROOT, ROOT / "src" / "cleanroom"))

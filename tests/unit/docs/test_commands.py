"""Every command that a page names exists, with the options it is shown with."""

import argparse
import re
from collections.abc import Iterator

from cleanroom.cli.main import parser
from cleanroom.settings import project_root

PAGES = [project_root() / "README.md", *sorted((project_root() / "docs").rglob("*.md"))]
CALL = re.compile(r"(?:^|[\s`/(])cleanroom ((?:-|[a-z])[^`\n|#]*)", re.MULTILINE)
IN_CODE = re.compile(r"```.*?```|^    [^\n]*$|`[^`\n]+`", re.DOTALL | re.MULTILINE)


def calls() -> Iterator[tuple[str, list[str]]]:
    for page in PAGES:
        for code in IN_CODE.findall(page.read_text(encoding="utf-8")):
            for call in CALL.findall(code):
                yield page.name, call.split()


def wrong(words: list[str], made: argparse.ArgumentParser) -> str | None:
    """The first word that no command or option has."""
    for word in words:
        below = next((a for a in made._actions if isinstance(a, argparse._SubParsersAction)), None)
        if word.startswith("--"):
            if not any(word.split("=")[0].rstrip(",;:)") in action.option_strings for action in made._actions):
                return word
        elif below:
            names = word.strip(".,;:)").split("|")
            if not set(names) <= set(below.choices) and names != ["..."]:
                return word
            made = below.choices.get(names[0], made)
    return None


def test_every_command_of_every_page_exists():
    found, made = list(calls()), parser()
    assert len(found) > 80
    assert not [(page, " ".join(words)) for page, words in found if wrong(words, made)]

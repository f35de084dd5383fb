"""The glossary and the vocabulary hold the same words."""

import enum
import inspect
import re
from pathlib import Path

from cleanroom.cli.value_names import CHINESE_NAMES
from cleanroom.moneyflow.rules import Direction, TaintMethod
from cleanroom.vocabulary import terms

GLOSSARY = Path(__file__).resolve().parents[3] / "docs" / "glossary.md"


ROWS = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_value_of_the_vocabulary_has_a_line_with_its_chinese():
    kinds = [kind for _, kind in inspect.getmembers(terms, inspect.isclass) if issubclass(kind, enum.StrEnum)]
    kinds += [Direction, TaintMethod]
    values = {str(member) for kind in kinds for member in kind}
    assert len(values) > 60
    assert values - set(ROWS) == set()
    assert not [value for value in values if not re.search(r"[\u4e00-\u9fff]", ROWS[value])]


def test_the_command_line_says_the_glossarys_words():
    assert len(CHINESE_NAMES) > 20
    assert {str(value): ROWS[value] for value in CHINESE_NAMES} == dict(CHINESE_NAMES)

"""The glossary and the vocabulary hold the same words."""

import enum
import inspect
import re
from pathlib import Path

from cleanroom.moneyflow.rules import Direction, TaintMethod
from cleanroom.vocabulary import terms

GLOSSARY = Path(__file__).resolve().parents[3] / "docs" / "glossary.md"


def test_every_value_of_the_vocabulary_has_a_line_with_its_chinese():
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE))
    kinds = [kind for _, kind in inspect.getmembers(terms, inspect.isclass) if issubclass(kind, enum.StrEnum)]
    kinds += [Direction, TaintMethod]
    values = {str(member) for kind in kinds for member in kind}
    assert len(values) > 60
    assert values - set(rows) == set()
    assert not [value for value in values if not re.search(r"[\u4e00-\u9fff]", rows[value])]

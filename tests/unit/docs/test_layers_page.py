"""docs/layers.md is what the cases of tests/spec/moneyflow make, in both languages."""

import re

from tests.factories import layers_page
from tests.spec.moneyflow.cases import CLAUSES
from tests.spec.moneyflow.questions import ZH, Question

HAN = re.compile(r"[\u4e00-\u9fff]")


def test_the_page_is_made_from_the_cases():
    assert layers_page.PAGE.read_text(encoding="utf-8") == layers_page.page(), (
        "run: python -m tests.factories.layers_page"
    )


def test_everything_is_told_in_both_languages():
    told = [words for clause in CLAUSES for words in (clause.title, clause.sentence)]
    told += [case.words for clause in CLAUSES for case in clause.cases]
    assert len(told) > 80
    for words in told:
        assert HAN.search(words.zh), words.en
        assert not HAN.search(words.en), words.en
    assert set(ZH) == set(Question)


def test_every_case_stands_on_the_page_with_its_picture():
    text = layers_page.PAGE.read_text(encoding="utf-8")
    cases = [case for clause in CLAUSES for case in clause.cases]
    assert text.count("```mermaid") == len(cases)
    assert all(f"### {case.words.en}\n" in text for case in cases)

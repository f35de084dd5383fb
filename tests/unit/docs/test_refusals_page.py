"""docs/refusals.md is what the catalogue of attacks makes; every case in it is a test that pytest would collect."""

import re

from cleanroom.errors import CleanroomError
from tests.factories import attacks, refusals_page
from tests.unit.docs.test_exit_codes import concrete

HAN = re.compile(r"[\u4e00-\u9fff]")


def test_the_page_is_made_from_the_catalogue():
    assert refusals_page.PAGE.read_text(encoding="utf-8") == refusals_page.page(), (
        "run: python -m tests.factories.refusals_page"
    )


def test_every_case_is_told_in_both_languages_and_is_a_test():
    listed = attacks.catalogue()
    assert len(listed) > 250
    for entry in listed:
        assert HAN.search(entry.attack.done_zh), entry.attack.name
        assert not HAN.search(entry.attack.done), entry.attack.name
        assert entry.test.rpartition(".")[2].startswith("test_"), entry.test


def test_every_reason_has_its_advice():
    advice = refusals_page.WORDS["reasons"]
    assert {kind.reason for kind in concrete(CleanroomError)} == set(advice)
    assert all(HAN.search(words["zh"]) and not HAN.search(words["en"]) for words in advice.values())

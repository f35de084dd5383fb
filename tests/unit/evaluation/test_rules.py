"""Daily runs by Taipei's clock, and every number of the rules in the stated assumptions."""

import re

import pytest

from cleanroom.evaluation.assumptions import assumptions
from cleanroom.evaluation.rules import EvaluationRules, hours_us, next_daily_run
from tests.factories.ledgers import us


@pytest.mark.parametrize("known, run", [
    ("17:59", "18:00"), ("18:00", "18:00"), ("18:01", "day 2 18:00"), ("day 2 00:00", "day 2 18:00"),
])  # fmt: skip
def test_the_next_run_is_at_two_in_taipei(known, run):
    assert next_daily_run(us(known), EvaluationRules(daily_run_hour=2)) == us(run)


def test_hours_are_exact():
    assert hours_us(0.5) == 1_800_000_000


def test_the_assumptions_are_said_in_both_languages_with_their_numbers():
    stated = assumptions(EvaluationRules(notice_delay_hours=7.5, lookback_days=29, least_taint_cents=123_400))
    assert len(stated) >= 8
    for one in stated:
        assert set(one) == {"en", "zh_hant"} and "{" not in one["en"] + one["zh_hant"]
        assert re.search("[\u4e00-\u9fff]", one["zh_hant"])
        numbers = [set(re.findall(r"\d[\d.,:]*\d|\d", one[k])) for k in ("en", "zh_hant")]
        assert numbers[0] - {"95"} == numbers[1] - {"95"}, one["en"]
    text = " ".join(one["en"] for one in stated)
    assert all(number in text for number in ("7.5", "29", "1,234"))

"""What notices would have done that nobody was sent."""

import pytest

from cleanroom.evaluation.notices import Run, judge_notices, notices_of
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.scenarios import prepare
from tests.factories.ledgers import draw_money, everyone, listed, us

RULES = EvaluationRules(notice_delay_hours=1, curve_hours=(0, 1, 24), resamples=20)
# The daily run is at 18:00 UTC; the loss is reported on day 5, when the money is long gone from W and A.
CHAIN = """\
    V808 -> W822  09:00  10000
    W822 -> A700  20:00  10000
    A700 -> B808  day 2 14:00  10000
    B808 -> C822  day 3 20:00  10000
    X808 -> Y700  day 4 09:00  5"""
PATTERN = [{"pattern": "1", "typology": "stack"}]


def judged(runs, truth=None, answers=None):
    ledger = draw_money(CHAIN)
    listing = listed(ledger, "W822", "day 5 00:00", 10_000)
    case = prepare(ledger, (listing,), everyone(ledger), RULES)
    listed_us = {"W822": listing.listed_us}
    return judge_notices(case, runs, listed_us=listed_us, rules=RULES, truth=truth, answers=answers)


def run(when, *tokens):
    return Run(us(when), {token: token[-3:] for token in tokens})


def test_of_each_account_the_first_notice_counts():
    sent = notices_of([run("day 2 16:00", "A700", "B808"), run("day 1 16:00", "A700")])
    assert [(n.token, n.as_of_us) for n in sent] == [("A700", us("day 1 16:00")), ("B808", us("day 2 16:00"))]


def test_a_notice_before_the_report_blocks_what_arrives_later():
    found = judged([run("16:00", "A700")])
    assert found["alone"]["money_twd"] == 0
    assert found["with_notices"]["money_twd"] == found["with_notices"]["extra_money_twd"] == 10_000
    assert found["with_notices"]["extra_accounts"] == 1
    assert found["by_institution"]["700"]["extra_money_twd"] == 10_000
    assert found["by_institution"]["808"]["extra_money_twd"] == 0
    assert found["curve"]["delay_hours"] == [0, 1, 24]
    assert found["families"] == 1 and found["with_notices"]["extra_money_twd_interval"] is None, "one family is too few"
    assert found["alone"]["accounts_interval"] is found["curve"]["with_notices"]["money_twd_interval"] is None
    assert found["curve"]["with_notices"]["money_twd"] == [10_000, 10_000, 0], "a day later it has gone on from A"


def test_a_notice_reaches_the_institution_at_the_daily_run():
    late = judged([run("day 2 18:01", "A700"), run("day 2 13:00", "B808")])
    assert late["with_notices"]["money_twd"] == 10_000, "on B, controlled at 19:00 of day 2, a day before it leaves"
    assert judged([run("day 2 12:00", "A700")])["with_notices"]["money_twd"] == 0, "A is controlled at 19:00, too late"


def test_the_listed_account_can_be_noticed_before_its_listing():
    found = judged([run("16:00", "W822")], truth={"W822": PATTERN})
    assert found["with_notices"]["money_twd"] == 10_000
    assert found["right"]["listed_later"]["precision"] == found["right"]["in_pattern"]["precision"] == 1
    assert found["with_notices"]["accounts_controlled_not_listed"] == 0


def test_precision_and_price():
    truth = dict.fromkeys(("W822", "A700", "B808", "C822"), PATTERN)
    found = judged([run("16:00", "A700", "X808"), run("day 2 16:00", "A700", "Y700", "Z999")], truth=truth)
    assert found["notices"] == 4
    assert found["right"]["in_pattern"]["notices"] == 1 and found["right"]["listed_later"]["notices"] == 0
    assert found["right"]["in_pattern"]["precision"] == 0.25
    assert [(r["notices"], r["named_before"], r["in_pattern"]) for r in found["runs"]] == [(2, 0, 1), (2, 1, 0)]
    after, before = found["with_notices"], found["alone"]
    assert after["innocent_accounts"] - before["innocent_accounts"] == 2, "Z has no transfer: nothing to control there"
    # Controlled at 19:00 of day 1 and of day 2, until the listing, the last thing that the data tells of.
    hours = after["innocent_freeze_hours"] - before["innocent_freeze_hours"]
    assert hours == pytest.approx((77) + (53))
    assert found["institutions"]["700"] == {"notices": 2, "in_pattern": 1, "listed_later": 0}


def test_answers_to_warnings_about_the_same_accounts():
    found = judged(
        [run("16:00", "A700", "B808", "C822")], answers={"A700": "controlled", "B808": "dismissed", "W822": "x"}
    )
    assert found["answers"] == {"controlled": 1, "dismissed": 1}


def test_without_any_run_there_is_no_precision_and_nothing_extra():
    found = judged([])
    assert found["right"] == {"in_pattern": None, "listed_later": {"notices": 0, "precision": None, "interval": None}}
    nothing = {"extra_money_twd": 0.0, "extra_accounts": 0}
    assert found["with_notices"] == found["alone"] | nothing, "each bank alone has nothing beyond itself, not even 0"

"""What each scenario lets an institution know, on drawings small enough to check by hand."""

from dataclasses import replace

import pytest

from cleanroom.evaluation.body import blocked_body
from cleanroom.evaluation.outcome import answer, sensitivity
from cleanroom.evaluation.rules import EvaluationRules, hours_us
from cleanroom.evaluation.scenarios import flags_alone, flags_by_scenario, prepare, sightings, world
from cleanroom.vocabulary.terms import Scenario
from tests.factories.ledgers import draw_money, everyone, listed, named, us

RULES = EvaluationRules(notice_delay_hours=1)
OWN, LIST, DAILY, REALTIME = Scenario
# The daily run is at 18:00 UTC. W is listed at 12:00, when A has the money; the rest moves on later.
CHAIN = """\
    V808 -> W822  09:00  10000
    W822 -> A700  10:00  10000
    A700 -> B808  14:00  10000
    B808 -> C822  day 2 20:00  10000"""


def case_of(text=CHAIN, *, at="12:00", loss=10_000, participants=None, rules=RULES):
    ledger = draw_money(text)
    listings = (listed(ledger, "W822", at, loss),)
    return prepare(ledger, listings, everyone(ledger) if participants is None else participants(ledger), rules)


def flags(case, rules=RULES):
    return since(case, flags_by_scenario(sightings(case, rules), rules))


def since(case, by_measure):
    return {s: named(case.ledger, {a: us for a, (us, _) in f.items()}) for s, f in by_measure.items()}


def test_alone_a_bank_sees_what_crosses_its_own_books():
    assert flags(case_of())[OWN] == {}, "nothing came back to an account of 822 over transfers that it sees"
    inside = CHAIN.replace("A700", "A822").replace("B808", "B822")
    assert flags(case_of(inside))[OWN] == {"A822": us("12:00"), "B822": us("14:00"), "C822": us("day 2 20:00")}


def test_with_the_list_the_next_bank_controls_who_was_paid_by_the_listed_account():
    assert flags(case_of())[LIST] == {"A700": us("18:00")}


def test_the_joined_graph_knows_all_of_the_chain_at_the_next_run():
    assert flags(case_of())[DAILY] == {"A700": us("18:00"), "B808": us("18:00"), "C822": us("day 3 18:00")}


def test_in_real_time_each_account_is_known_when_the_money_gets_there():
    assert flags(case_of())[REALTIME] == {"A700": us("12:00"), "B808": us("14:00"), "C822": us("day 2 20:00")}


def test_the_listed_account_is_under_control_at_the_listing_the_others_after_the_delay():
    case = case_of()
    made = world(case, flags_by_scenario(sightings(case, RULES), RULES)[REALTIME], hours_us(1))
    assert named(case.ledger, made.control) == {"W822": us("12:00"), "A700": us("13:00"), "B808": us("15:00")}
    assert set(made.due_to.values()) == {0}, "C would come under control after the data ends"


def body_of(case, rules=RULES, truth=None):
    return blocked_body(answer(case, rules, truth=truth), rules, truth=truth)


def money(case, rules=RULES):
    body = body_of(case, rules)
    return {name: (f["money_twd"], f["accounts"]) for name, f in body["scenarios"].items()}


def test_the_answer_on_the_chain():
    # Alone nothing is left at 822. The list comes at 18:00, when the money has gone on from A. The daily graph finds
    # it on B, in time before it leaves; in real time A is controlled at 13:00, while the money is still there.
    assert money(case_of()) == {OWN: (0, 0), LIST: (0, 0), DAILY: (10_000, 1), REALTIME: (10_000, 1)}
    body = body_of(case_of())
    at = body["curve"]["delay_hours"].index(RULES.notice_delay_hours)
    parts = {what: {which: {s: series["money_twd"][at] for s, series in part["scenarios"].items()}
                    for which, part in rows.items()} for what, rows in body["parts"].items()}  # fmt: skip
    assert parts["institution"]["808"] == {OWN: 0, LIST: 0, DAILY: 10_000, REALTIME: 0}
    assert parts["institution"]["700"] == {OWN: 0, LIST: 0, DAILY: 0, REALTIME: 10_000}
    assert parts["layer"]["2"][DAILY] == parts["layer"]["1"][REALTIME] == 10_000
    assert parts["typology"] == {}


def test_by_typology_a_case_of_several_counts_in_each():
    truth = {"W822": [{"pattern": "1", "typology": "stack"}, {"pattern": "2", "typology": "cycle"}]}
    parts = body_of(case_of(), truth=truth)["parts"]["typology"]
    assert set(parts) == {"stack", "cycle"}
    for part in parts.values():
        assert part["came_in_twd"] == 10_000
        assert set(part["scenarios"][REALTIME]["money_twd"]) == {10_000, 0}


def test_a_measure_alone_can_miss_what_another_does():
    """The list takes all that a listed account paid for reported money; the graph knows that V's money stayed."""
    text = "V808 -> W822  09:00  10000\nY808 -> W822  09:30  5000\nW822 -> A700  10:00  5000\nA700 -> B808  20:00  1"
    rules = replace(RULES, least_share=0.99)
    case = case_of(text, rules=rules)
    alone = since(case, flags_alone(sightings(case, rules), rules))
    assert set(alone[LIST]) == {"A700"} and alone[REALTIME] == {}
    found = {(n["narrower"], n["wider"]): n for n in body_of(case, rules, truth={})["nesting"]}
    assert len(found) == 6
    assert found[LIST, REALTIME]["accounts_missed"] == found[LIST, REALTIME]["innocents_missed"] == 1
    assert found[OWN, REALTIME]["accounts_missed"] == found[OWN, REALTIME]["accounts_later"] == 0


def test_what_an_institution_that_does_not_take_part_keeps_cannot_be_controlled():
    without_700 = case_of(participants=lambda x: everyone(x) - {x.institutions.index("700")})
    assert "A700" not in flags(without_700)[REALTIME]
    assert money(without_700)[REALTIME] == (10_000, 1), "on B, one step later"


def test_money_still_on_the_listed_account_is_blocked_in_every_scenario():
    stays = "V808 -> W822  09:00  10000"
    assert set(money(case_of(stays)).values()) == {(10_000, 1)}


@pytest.mark.parametrize("loss, blocked", [(4_000, 4_000), (50_000, 10_000)])
def test_never_more_than_reported_nor_than_came_in(loss, blocked):
    assert money(case_of(loss=loss))[REALTIME][0] == pytest.approx(blocked, abs=0.05)


def test_the_curve_falls_with_the_delay():
    rules = replace(RULES, curve_hours=(0, 1, 3, 24, 72), least_families=1)
    curve = body_of(case_of(), rules)["curve"]
    assert curve["delay_hours"] == [0, 1, 3, 24, 72]
    for kind in ("scenarios", "alone"):
        assert curve[kind][REALTIME]["money_twd"] == [10_000, 10_000, 10_000, 10_000, 0]
        assert curve[kind][DAILY]["money_twd"] == [10_000, 10_000, 10_000, 10_000, 0]
        assert curve[kind][REALTIME]["accounts"] == [1, 1, 1, 1, 0]
        for name in ("money_twd", "extra_accounts"):
            assert curve[kind][REALTIME][f"{name}_interval"] == [None] * 5, "one case drawn again is the same case"
    assert body_of(case_of(), RULES)["curve"]["scenarios"][REALTIME]["money_twd_interval"] is None, "of one family"


def test_a_listing_that_was_taken_back_touches_accounts_and_counts_no_money():
    case = case_of(loss=0)
    assert money(case) == dict.fromkeys(Scenario, (0, 0))


def test_innocents_are_known_only_with_the_truth():
    unknown = body_of(case_of())["scenarios"][REALTIME]
    assert unknown["innocent_accounts"] is unknown["innocent_accounts_interval"] is None
    assert unknown["accounts_controlled_not_listed"] == 2, "C would come under control after the data ends"
    pattern = [{"pattern": "1", "typology": "stack"}]
    known = body_of(case_of(), truth={"A700": pattern, "B808": pattern})["scenarios"][REALTIME]
    assert (known["accounts_controlled_not_listed"], known["innocent_accounts"]) == (2, 0)
    none = body_of(case_of(), truth={})["scenarios"][REALTIME]
    assert none["innocent_accounts"] == 2
    assert none["innocent_freeze_hours"] == none["freeze_hours"] == pytest.approx((31 + 29), abs=0.1)


def test_where_every_redraw_gives_the_same_there_is_no_interval():
    found = body_of(case_of(), replace(RULES, least_families=1))["scenarios"][REALTIME]
    assert found["money_twd"] == found["extra_money_twd"] == 10_000
    assert found["money_twd_interval"] is found["extra_money_twd_interval"] is None


def test_each_bank_alone_has_nothing_beyond_itself():
    body = body_of(case_of())
    assert body["scenarios"]["own_bank"] == body["alone"]["own_bank"]
    extra = {name: value for name, value in body["scenarios"]["own_bank"].items() if name.startswith("extra_")}
    assert len(extra) == 4 and set(extra.values()) == {None}
    parts = [part["scenarios"]["own_bank"] for rows in body["parts"].values() for part in rows.values()]
    assert len(parts) > 3 and all(one["extra_accounts"] is None and one["accounts"] for one in parts)
    assert body["curve"]["alone"]["own_bank"]["extra_money_twd"] is None


def test_sensitivity_begins_with_the_answer_itself():
    case = case_of()
    rows = sensitivity(case, RULES, truth=None)
    assert len(rows) >= 5 and rows[0]["money_twd"] == 10_000
    assert all({"en", "zh_hant"} <= set(row) for row in rows)


def test_without_any_listing_nothing_is_blocked():
    ledger = draw_money(CHAIN)
    body = body_of(prepare(ledger, (), everyone(ledger), RULES))
    assert {f["money_twd"] for f in body["scenarios"].values()} == {0}

"""From rows of the marts to warnings without number, seal and signature."""

from datetime import timedelta

import pytest

from cleanroom.dispatch.candidates import care_candidates, mule_candidates, steps_by_account
from cleanroom.dispatch.reasons import own_reasons, texts_of
from cleanroom.dispatch.rules import DispatchRules
from cleanroom.errors import SettingsInvalid
from cleanroom.vocabulary.terms import Severity, WarningKind
from tests.factories.sealed_warnings import COMPOSED

RULES = DispatchRules(fresh_hours=24, near_layers=2)
MULE = {
    "as_of": COMPOSED, "account_token": "a" * 32, "institution": "808", "owned": True, "score": 0.9, "place": 1,
    "reasons": '["x"]', "layer": 1, "arrived_at": COMPOSED - timedelta(hours=3), "start_account_token": "b" * 32,
    "came_in_cents": 500, "amount_bound_cents": 400, "resting_cents": 300,
}  # fmt: skip
CARE = {
    "as_of": COMPOSED, "account_token": "c" * 32, "institution": "700", "owned": True, "payee_account_token": "a" * 32,
    "payee_institution": "808", "payee_kind": "watch_listed", "payee_score": 1.0, "payments": 1, "paid_cents": 900,
    "amount_bound_cents": 700, "last_paid_at": COMPOSED - timedelta(hours=30), "place": 1,
}  # fmt: skip


def model_texts(codes):
    return ({"code": f"model:{codes}", "en": "e", "zh_hant": "z"},)


def mule(**changes):
    [found] = mule_candidates([MULE | changes], {}, RULES, model_texts)
    return found


def care(**changes):
    [found] = care_candidates([CARE | changes], RULES)
    return found


def test_a_mule_carries_the_models_reasons_and_that_money_reached_it():
    assert [r["code"] for r in mule().reasons] == ['model:["x"]', "reached_from_listed"]
    assert [r["code"] for r in mule(layer=None, arrived_at=None, start_account_token=None).reasons] == ['model:["x"]']


@pytest.mark.parametrize("changes, severity", [
    ({}, Severity.CRITICAL),
    ({"layer": 2}, Severity.CRITICAL),
    ({"layer": 3}, Severity.NORMAL),
    ({"layer": None, "arrived_at": None}, Severity.NORMAL),
    ({"arrived_at": COMPOSED - timedelta(hours=24)}, Severity.CRITICAL),
    ({"arrived_at": COMPOSED - timedelta(hours=25)}, Severity.NORMAL),
])  # fmt: skip
def test_near_and_lately_is_critical(changes, severity):
    assert mule(**changes).severity is severity


def test_a_warning_is_about_an_account_and_the_case_it_is_warned_for():
    same = mule(score=0.1, amount_bound_cents=1, as_of=COMPOSED + timedelta(days=7), reasons="[]")
    assert same.identity == mule().identity
    assert mule(start_account_token="d" * 32).identity != mule().identity
    assert care().identity != mule().identity
    assert set(mule(start_account_token=None).identity.values()) == {"mule", "a" * 32, "score"}


def test_a_victim_is_told_of_by_what_it_did():
    assert care().kind is WarningKind.CARE and care().severity is Severity.NORMAL
    assert [r["code"] for r in care().reasons] == ["paid_watch_listed", "unacquainted_payee"]
    several = care(payee_kind="suspected", payments=3, last_paid_at=COMPOSED)
    assert [r["code"] for r in several.reasons] == ["paid_suspected", "unacquainted_payee", "several_payments"]
    assert several.severity is Severity.CRITICAL


def test_the_victims_path_is_its_own_payment():
    [step] = care().path
    assert (step.sender_institution, step.receiver_institution, step.amount_cents) == ("700", "808", 900)


def test_paths_are_put_in_order():
    row = {"executed_at": COMPOSED, "sender_institution": "808", "receiver_institution": "822", "amount_cents": 5}
    paths = steps_by_account([row | {"account_token": "a", "layer": n} for n in (3, 1, 2)])
    assert [s.layer for s in paths["a"]] == [1, 2, 3]


def test_every_own_reason_has_both_languages():
    assert own_reasons()
    for text in texts_of(own_reasons()):
        assert text["en"] and any("\u4e00" <= c <= "\u9fff" for c in text["zh_hant"])
    with pytest.raises(SettingsInvalid, match="closed set"):
        texts_of(["made_up"])

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.contracts.manifest import Source
from cleanroom.contracts.specification import load_specification
from cleanroom.sealing.findings import Findings
from cleanroom.sealing.values import fold, typed

SOURCE = Source(format="csv", encoding="utf-8", calendar="gregorian", timezone="Asia/Taipei")


def parse(dataset, column, texts):
    """The parsed values, and rule -> bad row numbers."""
    spec = load_specification().datasets[dataset].field(column)
    findings = Findings(pa.array(range(1, len(texts) + 1), pa.int64()))
    values = typed(spec, fold(pa.array(texts, pa.string())), SOURCE, findings, gregorian=False)
    return values.to_pylist(), {f.rule: f.row_numbers for f in findings.found}


@settings(deadline=None)
@given(st.lists(st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10) ** 15, places=2), max_size=20))
def test_money_is_exact(amounts):
    values, wrong = parse("transfers", "amount_twd", [str(a) for a in amounts])
    assert values == [int(a * 100) for a in amounts]
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "cents"), [("7", 700), ("7.5", 750), ("7.05", 705), ("０７．５０", 750), (" 12 ", 1200)]
)
def test_spellings_of_money(text, cents):
    assert parse("transfers", "amount_twd", [text]) == ([cents], {})


@pytest.mark.parametrize(
    "text",
    ["7.005", "7,000", "NT$7", "1e3", "+7", "-7", ".5", "7.", "99999999999999999", "NaN", "inf", "10²", "①", "½"],
)
def test_what_is_no_money(text):
    assert parse("transfers", "amount_twd", [text]) == ([None], {"decimal_form": (1,)})


def test_nothing_is_not_money_and_nothing_lost_is():
    assert parse("transfers", "amount_twd", ["0.00"])[1] == {"exclusive_minimum": (1,)}
    assert parse("list_events", "reported_loss_twd", ["0", ""]) == ([0, None], {})


@pytest.mark.parametrize(("text", "value"), [("true", True), ("FALSE", False), ("1", True), ("n", False), ("Ｙ", True)])
def test_spellings_of_yes_and_no(text, value):
    assert parse("transfers", "reversed", [text]) == ([value], {})


def test_every_bad_row_of_a_column_is_named():
    texts = ["online", "", "pigeon", "atm", None, "ONLINE"]
    values, wrong = parse("transfers", "channel", texts)
    assert values == ["online", None, None, "atm", None, None]
    assert wrong == {"required": (2, 5), "one_of": (3, 6)}


def test_integers_and_their_limits():
    assert parse("contacts", "duration_s", ["60", "-1", "6.5", "x", "12345678901234567890"]) == (
        [60, -1, None, None, None],
        {"integer_form": (3, 4, 5), "minimum": (2,)},
    )


def test_text_is_measured_and_holds_no_control_characters():
    values, wrong = parse("transfers", "txn_id", ["a" * 40, "a" * 41, "a\tb", "a\nb", "交易一"])
    assert values == ["a" * 40, None, None, None, "交易一"]
    assert wrong == {"text_form": (2, 3, 4)}


@settings(deadline=None)
@given(st.lists(st.text(max_size=10), max_size=20))
def test_folding_twice_is_folding_once(texts):
    once = fold(pa.array(texts, pa.string()))
    assert fold(once) == once
    assert "" not in once.to_pylist()

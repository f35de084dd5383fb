"""One family: each concrete error has its own exit code and reason, and survives the way between processes."""

import pickle

import pytest

from cleanroom import errors
from cleanroom.errors import CleanroomError, Fault, MalformedRows, Refusal, Where


def concrete(kind=CleanroomError):
    for child in kind.__subclasses__():
        yield from concrete(child)
        if "reason" in vars(child):
            yield child


FAMILY = list(concrete())


def test_codes_and_reasons_are_unique():
    assert len(FAMILY) > 25
    assert len({kind.exit_code for kind in FAMILY}) == len(FAMILY)
    assert len({kind.reason for kind in FAMILY}) == len(FAMILY)
    assert all(2 < kind.exit_code < 126 for kind in FAMILY)  # 1, 2 and 126 on are the shell's


def test_each_is_a_decision_or_a_failure():
    assert all(issubclass(kind, Refusal) != issubclass(kind, Fault) for kind in FAMILY)


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.reason)
def test_it_says_where_and_by_which_rule_after_a_journey(kind):
    there = kind(
        "the amount is not a number",
        zh="金額非數字",
        where=Where(file="t.csv", row=7, column="amount_twd"),
        rule="amount",
    )
    back = pickle.loads(pickle.dumps(there))  # noqa: S301 - our own bytes
    assert type(back) is kind
    assert str(back) == "t.csv, row 7, amount_twd: the amount is not a number [amount]"
    assert back.in_chinese == "t.csv，第 7 列，amount_twd：金額非數字 [amount]"


def test_without_a_place_the_sentence_stands_alone():
    assert str(MalformedRows("nothing to read")) == "nothing to read"
    assert errors.CleanroomError.exit_code == 1

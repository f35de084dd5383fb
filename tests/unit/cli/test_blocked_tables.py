"""What `blocked` and `replay` print: whose data it is, and intervals only where there are cases enough for them."""

import pytest

from cleanroom.cli import blocked, replay
from cleanroom.settings import CHINESE, ENGLISH
from tests.factories.blocked import blocked_of


@pytest.mark.parametrize(("chains", "shown"), [(2, False), (6, True)])
def test_the_institutions_and_whether_there_is_an_interval(chains, shown, capsys, monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", ENGLISH)
    blocked._show(blocked_of(chains))
    said = capsys.readouterr().out
    assert said.startswith(f"institutions: 700, 808, 822; watch-listings: {chains}; ")
    assert ("[" in said) is shown and ("95 %\n" in said or "95 % " in said)
    assert (f"too few families of cases ({chains})" in said) is not shown


@pytest.mark.parametrize(("language", "told"), [(ENGLISH, "-12 accounts"), (CHINESE, "、-12 個帳戶")])
def test_a_loss_against_each_bank_alone_has_its_sign_and_one_case_no_interval(language, told, monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
    after = {"extra_money_twd": -69_013.0, "extra_accounts": -12, "extra_money_twd_interval": [-69_013.0, -69_013.0]}
    one, many = (replay._blocked(after, 2, families) for families in (1, 40))
    assert told in one and told in many and one.count("-69,013") == 1 and many.count("-69,013") == 3
    assert "95 %: " in many or "95%：" in many

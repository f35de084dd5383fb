"""What `blocked` and `replay` print: whose data it is, and intervals only where there are cases enough for them."""

import io

import pytest
from rich.console import Console

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


@pytest.mark.parametrize("language", [ENGLISH, CHINESE])
def test_no_figure_is_cut_off_on_a_terminal_of_eighty_columns(language, monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
    console = Console(record=True, width=80, file=io.StringIO())
    body = blocked_of(6)
    row = body["scenarios"]["shared_graph_realtime"]
    row |= {"money_twd": 22_176_392.0, "extra_money_twd_interval": [-1_159_284.0, 7_743_409.0]}
    console.print(blocked._measures(body["scenarios"], True, "title"))
    said = console.export_text()
    assert "22,176,392" in said and "[-1,159,284, 7,743,409]" in said and "…" not in said


def test_cut_offs_are_told_in_taipei_time(monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", ENGLISH)
    console = Console(record=True, width=80, file=io.StringIO())
    counts = dict.fromkeys(("notices", "named_before", "in_pattern", "listed_later"), 3)
    console.print(replay._runs([{"as_of": "2025-06-09T16:00:00+00:00", **counts}]))
    said = console.export_text()
    assert "(Asia/Taipei)" in said and "2025-06-10 00:00:00 +08:00" in said and "UTC" not in said


@pytest.mark.parametrize(("language", "told"), [(ENGLISH, "-12 accounts"), (CHINESE, "、-12 個帳戶")])
def test_a_loss_against_each_bank_alone_has_its_sign_and_one_case_no_interval(language, told, monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
    after = {"extra_money_twd": -69_013.0, "extra_accounts": -12}
    few, same, many = (
        replay._blocked(after | {"extra_money_twd_interval": interval}, 2, replay._why_none(
            {"families": families, "least_families": 5}))
        for families, interval in ((1, None), (40, None), (40, [-70_000.0, -69_013.0]))
    )  # fmt: skip
    assert all(told in one for one in (few, same, many)) and few.count("-69,013") == 1 and many.count("-69,013") == 2
    assert "(1)" in few or "1 個" in few
    assert "every redraw" in same or "均相同" in same
    assert "95 %: " in many or "95%：" in many


def test_one_institution_is_said_to_have_nobody_to_join_with(capsys, monkeypatch):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", ENGLISH)
    body = blocked_of(6)
    blocked._show(body)
    both = capsys.readouterr().out
    assert "together is the same as alone" not in both
    [row] = [line for line in both.splitlines() if "own bank" in line.lower()]
    assert row.split()[-1] == "0" and len(row.split()) == 6, "three words; money, accounts and innocents: no extra"
    blocked._show(body | {"parts": body["parts"] | {"institution": {"700": body["parts"]["institution"]["700"]}}})
    assert "together is the same as alone" in capsys.readouterr().out.replace("\n", " ")

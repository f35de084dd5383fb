"""`cleanroom evaluate` on a terminal: who ranked, when it ends, and no interval where the draws say nothing."""

import pytest

from cleanroom.cli import evaluating

WIDE, SAME = {"value": 0.5, "low": 0.25, "high": 0.75}, {"value": 0.0, "low": 0.0, "high": 0.0}


def found(*, joint, own):
    def figures(by_rules):
        at = {"50": SAME, "100": WIDE, "200": WIDE}
        kind = {"cycle": {"accounts": 3, "found_at": {"100": 2}}}
        return {"pr_auc": WIDE, "precision_at": at, "recall_at": at, "by_typology": kind, "ranked_by_rules": by_rules}

    learned = {"joint": figures(joint), "own": figures(own)}
    rules = {"joint": figures(["all"]), "own": figures(["700", "808"])}
    return {"institutions": ["700", "808"], "accounts": 10, "listed": 0, "cut_off": "2025-07-08T14:17:59+00:00",
            "ranked_accounts": 10, "truth_accounts_ranked": 3,
            "methods": {"rules": rules, "model_without_graph": learned, "model": learned}}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "by_rules", "one", "end"),
    [
        ("en", "by rules", "own view of 808, by rules: no graph, model.", "2025-07-08 22:17:59 +08:00"),
        ("zh-hant", "依規則", "808 之自有資料依規則排名：無圖特徵、模型。", "2025-07-08 22:17:59 +08:00"),
    ],
)
def test_rankings_by_rules_are_told(monkeypatch, capsys, language, by_rules, one, end):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
    monkeypatch.setenv("COLUMNS", "80")
    evaluating.show(found(joint=[], own=[]))
    assert by_rules not in capsys.readouterr().out

    evaluating.show(found(joint=["all"], own=["808"]))

    said = capsys.readouterr().out
    assert one in said
    assert end in said
    assert [line.strip() for line in said.splitlines()].count(by_rules) == 4  # two models in two tables, joint
    assert ".50 (.25-.75)" in said
    assert "(.00-.00)" not in said

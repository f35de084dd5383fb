"""`cleanroom evaluate` on made-up folders of the data specification's form."""

import csv
import json
from datetime import timedelta, timezone

import pytest

from cleanroom.cli.main import main
from cleanroom.errors import NothingToDo
from cleanroom.synthetic.identities import national_id
from tests.factories.scoring_room import ACCOUNTS, CODES, MULES, listings, number, transfers

TAIPEI = timezone(timedelta(hours=8))
HEADS = {
    "transfers": "txn_id,clearing_ref,executed_at,sender_institution,sender_account,receiver_institution,"
    "receiver_account,amount_twd,channel,preregistered,reversed",
    "accounts": "account,holder_id_kind,holder_id,opened_on,kind,status",
    "list_events": "subject_kind,subject,list,event,occurred_at,agency,legal_reason,case_no,reported_loss_twd,layer,"
    "parent_case",
}


def write_folder(folder, *, codes=CODES, listing=CODES) -> None:
    """Institutions that upload (`codes`) and those of them that declare list events (`listing`)."""
    moved = transfers(1)
    for code in codes:
        own = folder / code
        own.mkdir(parents=True)
        tables = {
            "transfers": [paid(code, n, t) for n, t in enumerate(moved) if code in (t[0][:3], t[1][:3])],
            "accounts": [
                [a[3:], "national_id", national_id(i, 1), "2020-01-01", "personal", "active"]
                for i, a in enumerate(map(number, range(ACCOUNTS)))
                if a[:3] == code
            ],
        }
        if code in listing:
            tables["list_events"] = [listed(a, at) for a, at in listings() if a[:3] == code]
        for name, rows in tables.items():
            with (own / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([HEADS[name].split(","), *rows])
        form = {"format": "csv", "encoding": "utf-8", "calendar": "gregorian", "timezone": "Asia/Taipei"}
        about = {
            "institution": code,
            "sector": "bank",
            "specification_version": 1,
            "period": {"from": "2025-04-01", "to": "2025-07-08"},
            "files": dict.fromkeys(tables, form),
        }
        (own / "institution.json").write_text(json.dumps(about))


def paid(code, n, transfer):
    sender, receiver, at, cents = transfer
    across = f"20250401{n:09d}" if sender[:3] != receiver[:3] else ""
    amount = f"{cents / 100:.2f}"
    return [f"{code}-{n:09d}", across, at.astimezone(TAIPEI).isoformat(), sender[:3], sender[3:], receiver[:3],
            receiver[3:], amount, "online", "false", "false"]  # fmt: skip


def listed(account, at):
    moment = at.astimezone(TAIPEI).isoformat()
    return ["account", account[3:], "watch_listed", "listed", moment, "police", "fraud", f"case-{account}", "1000",
            "1", ""]  # fmt: skip


def write_truth(path) -> None:
    rows = [[number(i)[:3], number(i)[3:], f"p{i // 4}", "fan_in" if i % 2 else "cycle"] for i in range(MULES)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["institution", "account", "pattern", "typology"], *rows])


@pytest.mark.slow
def test_methods_and_views_are_judged_on_the_same_accounts(tmp_path, capsys):
    write_folder(tmp_path / "data", codes=("700", "808"), listing=("700",))
    write_truth(tmp_path / "truth.csv")
    out = tmp_path / "out" / "figures.json"

    code = main(
        ["evaluate", "--data", str(tmp_path / "data"), "--truth", str(tmp_path / "truth.csv"), "--json", str(out)]
    )

    assert code == 0
    found = json.loads(out.read_text())
    assert found["institutions"] == ["700", "808"]
    assert (found["accounts"], found["listed"], found["truth_accounts"]) == (160, 4, 24)
    assert found["truth_accounts_ranked"] == 12  # of 24, 8 are kept by 822, and 4 are watch-listed
    assert found["ranked_accounts"] == 156
    assert set(found["methods"]) == {"rules", "model_without_graph", "model"}
    for views in found["methods"].values():
        for view in ("joint", "own"):
            figures = views[view]
            bounds = [figures["pr_auc"], *figures["precision_at"].values(), *figures["recall_at"].values()]
            assert len(bounds) == 7
            assert all(0 <= b["low"] <= b["value"] <= b["high"] <= 1 for b in bounds)
            assert sum(t["accounts"] for t in figures["by_typology"].values()) == 12
    model = found["methods"]["model"]
    assert model["joint"]["ranked_by_rules"] == []
    assert "808" in model["own"]["ranked_by_rules"]  # it declares no list events
    assert "model" in capsys.readouterr().out


def test_a_truth_without_rows_is_refused_before_any_work(tmp_path):
    from cleanroom.pipeline.rehearsal.detecting import truth_by_token

    (tmp_path / "truth.csv").write_text("institution,account,pattern,typology\n")

    with pytest.raises(NothingToDo, match="no row"):
        truth_by_token(tmp_path / "truth.csv")

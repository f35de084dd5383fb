"""What `blocked` and `replay` follow: a warehouse in which no money moved is refused, not answered with zeros."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from cleanroom.errors import NothingToDo
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.pipeline import blocked
from cleanroom.settings import RoomSettings
from cleanroom.stores.warehouse import open_warehouse

AT = datetime(2026, 1, 5, tzinfo=UTC)
MOVED = {"transfer_id": "1", "executed_at": AT, "sender_institution": "700", "sender_account_token": "a",
         "receiver_institution": "808", "receiver_account_token": "b", "amount_cents": 100}  # fmt: skip
LISTED = {"account_token": "b", "institution": "808", "listed_at": AT, "counted_loss_cents": 100}


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """One listing, and one transfer; dbt's models stand already."""
    monkeypatch.setattr(blocked, "run_dbt", lambda *_: None)
    settings = RoomSettings(home=tmp_path)
    warehouse = open_warehouse(settings)
    known = {"institution": "808", "account_token": "b", "owned": True}
    for table, row in {"evaluation.followed_transfers": MOVED, "evaluation.reported_losses": LISTED,
                       "moneyflow.int_accounts__known": known}.items():  # fmt: skip
        warehouse.replace_rows(table, pa.Table.from_pylist([row]))
    yield blocked.Bench(settings, warehouse, None, settings)
    warehouse.close()


def test_without_any_transfer_nothing_is_answered(bench):
    case = blocked.joined_case(bench, (), EvaluationRules(), say=str)
    assert (len(case.ledger), len(case.listings)) == (1, 1)
    bench.warehouse.replace_rows("evaluation.followed_transfers", pa.Table.from_pylist([MOVED]).slice(0, 0))
    with pytest.raises(NothingToDo, match="no transfer was found") as refused:
        blocked.joined_case(bench, (), EvaluationRules(), say=str)
    assert refused.value.exit_code == 30 and "查無任何交易" in refused.value.in_chinese

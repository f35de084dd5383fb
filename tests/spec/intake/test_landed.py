"""What coming rows are compared with, asked of DuckDB and of BigQuery (on the emulator)."""

from datetime import date

import pytest

from cleanroom.contracts.specification import load_specification
from cleanroom.errors import NotTheOwner
from cleanroom.intake.landed import Strangers, check_not_kept_elsewhere, strangers_of
from cleanroom.settings import RoomSettings
from cleanroom.stores.warehouse import open_warehouse
from cleanroom.vocabulary.terms import Dataset
from tests.factories.landing import land_rows, named

DATASETS = load_specification().datasets


@pytest.fixture(params=["duckdb", pytest.param("bigquery", marks=pytest.mark.emulator)])
def warehouse(request, tmp_path):
    address = ""
    if request.param == "bigquery":
        address = f"bigquery://landed/t{abs(hash(request.node.name))}?endpoint={request.getfixturevalue('emulator')}"
    opened = open_warehouse(RoomSettings(home=tmp_path, warehouse=address))
    opened.ensure_tables()
    yield opened
    opened.close()


def transfer(number, sender, receiver):
    return {
        "txn_id": f"t{number}",
        "executed_at": "2025-02-01T12:00:00+08:00",
        "sender_institution": sender[0],
        "sender_account": sender[1],
        "receiver_institution": receiver[0],
        "receiver_account": receiver[1],
        "amount_twd": "1",
        "channel": "atm",
        "preregistered": "false",
        "reversed": "false",
    }


def account(number):
    return {
        "account": number,
        "holder_id_kind": "national_id",
        "holder_id": "A123456789",
        "opened_on": date(2020, 1, 1),
        "kind": "personal",
        "status": "active",
    }


def asked(warehouse, participant, dataset, rows, question, *, sequence=2):
    """What `question(ask)` answers about rows that are about to land."""
    answers = []
    land_rows(
        warehouse, participant, dataset, rows, sequence=sequence, judge=lambda ask: answers.append(question(ask)) or {}
    )
    return answers[0]


def strangers(warehouse, participant, rows, **more):
    contract = DATASETS[Dataset.TRANSFERS]

    def question(ask):
        return strangers_of(ask, contract, participant=participant, submission_id=named(participant, "transfers", 2))

    return asked(warehouse, participant, "transfers", rows, question, **more)


def test_accounts_of_others_are_counted_once_and_known_ones_are_known(warehouse):
    land_rows(warehouse, "808", "transfers", [transfer(1, ("808", "111111"), ("822", "222222"))])
    land_rows(warehouse, "700", "accounts", [account("333333")])
    rows = [
        transfer(2, ("808", "999999"), ("822", "222222")),  # known from a transfer
        transfer(3, ("808", "111111"), ("700", "333333")),  # known from its owner's list
        transfer(4, ("822", "444444"), ("808", "111111")),  # never seen
        transfer(5, ("822", "444444"), ("808", "111111")),  # the same again
        transfer(6, ("808", "888888"), ("808", "777777")),  # the uploader's own count for nothing
    ]
    assert strangers(warehouse, "808", rows) == Strangers(accounts=3, never_seen=1)


def test_datasets_that_name_no_others_accounts_are_not_asked(warehouse):
    contract = DATASETS[Dataset.CONTACTS]
    assert strangers_of(None, contract, participant="808", submission_id="f" * 64) is None


def test_an_account_that_another_keeps_is_not_claimed_nor_listed(warehouse):
    land_rows(warehouse, "700", "accounts", [account("333333")])

    def question(dataset):
        return lambda ask: check_not_kept_elsewhere(ask, dataset, participant="808")

    assert asked(warehouse, "808", "accounts", [account("111111")], question(Dataset.ACCOUNTS)) is None
    with pytest.raises(NotTheOwner, match="1 rows claim") as caught:  # 700's account, asked as if 808 sent it
        asked(warehouse, "700", "accounts", [account("333333")], question(Dataset.ACCOUNTS))
    assert caught.value.where.column == "account"
    listed = {
        "subject_kind": "account",
        "subject": "333333",
        "list": "watch_listed",
        "event": "listed",
        "occurred_at": "2025-02-01T12:00:00+08:00",
        "agency": "police",
        "legal_reason": "fraud",
        "case_no": "1",
    }
    with pytest.raises(NotTheOwner, match="1 rows claim"):
        asked(warehouse, "700", "list_events", [listed], question(Dataset.LIST_EVENTS))

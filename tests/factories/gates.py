"""Rows that pass every rule of their gate, at either station, with the changes that a test asks for."""

from datetime import UTC, date, datetime

import pyarrow as pa

from cleanroom.contracts.specification import load_specification
from cleanroom.contracts.tables import clear_schema, landed_schema
from cleanroom.vocabulary.terms import Dataset

FACTS = {
    "participant": "808",
    "period_first": date(2025, 4, 1),
    "period_last": date(2025, 4, 30),
    "known_institutions": {"808", "822", "700"},
}
NOON = datetime(2025, 4, 10, 4, tzinfo=UTC)

GOOD = {
    Dataset.TRANSFERS: {
        "txn_id": "t-{n}",
        "clearing_ref": "c-{n}",
        "executed_at": NOON,
        "sender_institution": "808",
        "sender_account": "8080000000000000001",
        "receiver_institution": "822",
        "receiver_account": "8220000000000000001",
        "amount_cents": 1,
        "channel": "mobile",
        "preregistered": False,
        "reversed": False,
    },
    Dataset.ACCOUNTS: {
        "account": "80800000000000{n:05}",
        "holder_id_kind": "national_id",
        "holder_id": "A123456789",
        "opened_on": date(2025, 4, 30),
        "kind": "personal",
        "status": "active",
    },
    Dataset.LIST_EVENTS: {
        "subject_kind": "account",
        "subject": "8080000000000000001",
        "list": "watch_listed",
        "event": "listed",
        "occurred_at": NOON,
        "agency": "police",
        "legal_reason": "fraud",
        "case_no": "case-{n}",
        "reported_loss_cents": 100,
        "layer": None,
        "parent_case": None,
    },
    Dataset.CROSS_INDUSTRY_LIST: {
        "identifier_kind": "phone",
        "identifier": "+88691200{n:04}",
        "list": "black",
        "reason": "reported",
        "listed_at": NOON,
        "lifted_at": None,
    },
    Dataset.HOLDINGS: {
        "holder_kind": "national_id",
        "holder": "A123456789",
        "asset_kind": "phone",
        "asset": "+88691200{n:04}",
        "asset_institution": None,
        "held_from": NOON,
        "held_to": None,
    },
    Dataset.CONTACTS: {
        "caller": "+886912000000",
        "callee": "+88691200{n:04}",
        "started_at": NOON,
        "duration_s": 0,
        "kind": "sms",
    },
}


def rows_of(dataset, *, changes=(), rows=5, station="sealing"):
    """A table of good rows (numbered from 1) with `changes`: (row number, column, value)."""
    fill = lambda value, n: value.format(n=n) if isinstance(value, str) else value  # noqa: E731
    records = [{k: fill(v, n) for k, v in GOOD[dataset].items()} for n in range(1, rows + 1)]
    for number, column, value in changes:
        records[number - 1][column] = value
    clear = pa.Table.from_pylist(records, clear_schema(load_specification().datasets[dataset]))
    return clear if station == "sealing" else landed(clear, dataset)


def landed(clear, dataset):
    contract = load_specification().datasets[dataset]
    schema = landed_schema(contract)
    columns = {f.name: clear[f.name] for f in clear_schema(contract)}
    for spec in contract.fields:
        if spec.is_identifier:
            hashed = [v and f"{abs(hash(v)):032x}"[:32] for v in columns.pop(spec.name).to_pylist()]
            columns[f"{spec.name}_token"] = pa.array(hashed, pa.string())
    count = clear.num_rows
    columns |= {
        "participant": pa.array(["808"] * count),
        "submission_id": pa.array(["f" * 64] * count),
        "row_number": pa.array(range(1, count + 1), pa.int64()),
    }
    return pa.table([columns[n] for n in schema.names], schema=schema)

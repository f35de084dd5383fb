"""Lands clear folders of the data specification's form straight into a warehouse, with tokens under a test key.

For tests of what stands behind intake (dbt models, scoring, dispatch, evaluation). No cryptography of the line is
involved: `token` is one keyed hash, so that tests can say which clear account a token belongs to.
"""

import csv
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.contracts.specification import DatasetContract, Field, load_specification
from cleanroom.contracts.tables import HANDLES, incoming_schema, landed_schema
from cleanroom.stores.ports import Ask, Incoming

TEST_KEY = b"a key for tests only"
TAIPEI = timezone(timedelta(hours=8))
LANDED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def token(kind: str, value: str) -> str:
    """32 lower-case hex digits, as a second hash has."""
    return hmac.new(TEST_KEY, f"{kind}|{value}".encode(), hashlib.sha256).hexdigest()[:32]


def account_token(institution: str, account: str) -> str:
    """Token of an account number at an institution, however it was padded."""
    return token("account", institution + account.strip().zfill(16))


def land_folder(warehouse, folder: Path) -> None:
    """Land every institution's subfolder (those with an institution.json), sequence 1 for each dataset."""
    folders = sorted(p.parent for p in Path(folder).glob("*/institution.json"))
    assert folders, f"no institution.json below {folder}"
    for one in folders:
        land_institution(warehouse, one)


def land_institution(warehouse, folder: Path) -> None:
    about = json.loads((folder / "institution.json").read_text(encoding="utf-8"))
    period = about["period"]
    days = tuple(date.fromisoformat(period[k]) for k in ("from", "to"))
    for dataset, form in about["files"].items():
        land_rows(warehouse, about["institution"], dataset, _read(folder, dataset, form), period=days)


def land_rows(
    warehouse,
    participant: str,
    dataset: str,
    rows: list[dict[str, Any]],
    *,
    sequence: int = 1,
    period: tuple[date, date] = (date(2025, 1, 1), date(2025, 12, 31)),
    judge: Callable[[Ask], Mapping[str, Any]] | None = None,
) -> bool:
    """Land clear rows (columns of the data contract, as text or as typed values) as one submission."""
    warehouse.ensure_tables()
    contract = load_specification().datasets[dataset]
    submission = _submission(participant, dataset, sequence, period, len(rows))
    table = _landed(contract, participant, rows)
    handles = _handles(table) if dataset == "accounts" else None
    return warehouse.land(submission=submission, dataset=dataset, batches=[Incoming(table, handles)], judge=judge)


def named(participant: str, dataset: str, sequence: int) -> str:
    """The id of the submission that `land_rows` lands."""
    return hashlib.sha256(f"{participant}|{dataset}|{sequence}".encode()).hexdigest()


def _submission(participant: str, dataset: str, sequence: int, period: tuple[date, date], rows: int) -> dict[str, Any]:
    submission_id = named(participant, dataset, sequence)
    return {
        "submission_id": submission_id,
        "participant": participant,
        "dataset": dataset,
        "sequence": sequence,
        "draw": submission_id[:16],
        "specification_version": 1,
        "period_from": period[0],
        "period_to": period[1],
        "rows": rows,
        "bytes": 100 * rows,
        "landed_at": LANDED_AT,
        "supersedes": None,
    }


def _landed(contract: DatasetContract, participant: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = incoming_schema(landed_schema(contract))
    columns = [list(range(1, len(rows) + 1))]
    columns += [[_value(field, row, participant) for row in rows] for field in contract.fields]
    named = zip(schema, columns, strict=True)
    return pa.table([pa.array(values, f.type) for f, values in named], schema=_nullable(schema))


def _nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(f.name, f.type) for f in schema])


def _handles(accounts: pa.Table) -> pa.Table:
    tokens = accounts["account_token"].to_pylist()
    return pa.table(
        {
            "account_token": tokens,
            "handle": [f"handle-{t}" for t in tokens],
        },
        schema=_nullable(incoming_schema(HANDLES)),
    )


def _value(field: Field, row: dict[str, Any], participant: str) -> Any:
    raw = row.get(field.name)
    if raw is None or raw == "":
        return None
    if field.is_identifier:
        return _identifier(field, row, str(raw), participant)
    return _PARSERS.get(field.physical_type, _same)(raw)


def _identifier(field: Field, row: dict[str, Any], raw: str, participant: str) -> str:
    kind = field.identifier or field.identifier_kind_of(row[field.identifier_kind_column])
    if kind != "account":
        return token(kind, raw.strip())
    return account_token((row.get(field.institution_column) if field.institution_column else None) or participant, raw)


def _time(raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw.astimezone(UTC)
    if "/" in raw[:4]:  # ROC calendar: 114/04/01 05:19:50
        year, rest = raw.split("/", 1)
        raw = f"{int(year) + 1911}-{rest.replace('/', '-')}"
    moment = datetime.fromisoformat(raw)
    return (moment if moment.tzinfo else moment.replace(tzinfo=TAIPEI)).astimezone(UTC)


def _date(raw: Any) -> date:
    return raw if isinstance(raw, date) else _time(raw).astimezone(TAIPEI).date()


def _cents(raw: Any) -> int:
    return int(Decimal(str(raw)) * 100)


def _boolean(raw: Any) -> bool:
    return raw if isinstance(raw, bool) else raw.lower() in ("true", "1", "y")


def _same(raw: Any) -> Any:
    return raw


_PARSERS = {
    "timestamp": _time,
    "date": _date,
    "decimal(18,2)": _cents,
    "boolean": _boolean,
    "integer": int,
}


def _read(folder: Path, dataset: str, form: dict[str, Any]) -> list[dict[str, Any]]:
    if form["format"] == "parquet":
        return pq.read_table(folder / f"{dataset}.parquet").to_pylist()
    with (folder / f"{dataset}.csv").open(encoding=_encoding(form["encoding"]), newline="") as file:
        return list(csv.DictReader(file))


def _encoding(declared: str) -> str:
    return "utf-8-sig" if declared.lower().startswith("utf") else declared

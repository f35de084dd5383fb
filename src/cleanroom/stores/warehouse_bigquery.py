"""The warehouse in production: BigQuery, one dataset per station (`<prefix>_<station>`).

Address: `bigquery://PROJECT/PREFIX`, with `?location=asia-east1` where it is not the default, and with
`?endpoint=http://127.0.0.1:9050` for an emulator on this machine (no other endpoint is taken: it gets no credentials).
"""

import io
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import requests
from google.api_core.exceptions import Conflict, GoogleAPIError, NotFound
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.cloud.bigquery import DEFAULT_RETRY, QueryJobConfig, ScalarQueryParameter

from cleanroom.contracts.tables import HANDLES
from cleanroom.errors import SequenceReplayed, SettingsInvalid, WarehouseFault
from cleanroom.stores import warehouse as shared
from cleanroom.stores.ports import DbtTarget

STATIONS = ("landing", "routing", "staging", "moneyflow", "scoring", "dispatch", "evaluation")
DEFAULT_LOCATION = "asia-east1"
_PATIENCE = DEFAULT_RETRY.with_timeout(60)  # the client's own default waits ten minutes where nothing listens
_CALL_SECONDS = 60
_STAGED_FOR = timedelta(hours=6)  # longer than any transaction; then the engine drops what a killed run left
_NAMED_TABLE = re.compile(rf"\b(from|join|into|update|table)(\s+)(({'|'.join(STATIONS)})\.(\w+))", re.IGNORECASE)
_SQL_TYPES = {
    pa.string(): "STRING",
    pa.large_string(): "STRING",
    pa.int64(): "INT64",
    pa.int32(): "INT64",
    pa.float64(): "FLOAT64",
    pa.bool_(): "BOOL",
    pa.date32(): "DATE",
}
# bool before int and datetime before date: each is also an instance of the other.
_PARAMETER_TYPES = ((bool, "BOOL"), (int, "INT64"), (float, "FLOAT64"), (datetime, "TIMESTAMP"), (date, "DATE"))


@dataclass(frozen=True)
class Address:
    project: str
    prefix: str
    location: str = DEFAULT_LOCATION
    endpoint: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        parts = urlsplit(text)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        prefix = parts.path.strip("/")
        if not parts.netloc or not re.fullmatch(r"[A-Za-z0-9_]+", prefix) or set(options) - {"location", "endpoint"}:
            raise SettingsInvalid("CLEANROOM_WAREHOUSE must be bigquery://PROJECT/DATASET_PREFIX[?location=REGION]")
        address = cls(parts.netloc, prefix, **options)
        if address.endpoint and not _is_loopback(address.endpoint):
            raise SettingsInvalid("the warehouse's endpoint must be an emulator on this machine, like http://127.0.0.1")
        return address


class BigQueryWarehouse:
    """See `stores.ports.Warehouse`."""

    engine = "bigquery"

    def __init__(self, client: bigquery.Client, address: Address):
        self._client = client
        self._address = address

    @classmethod
    def from_address(cls, text: str) -> "BigQueryWarehouse":
        """Credentials are Google's application default ones. Raises SettingsInvalid for another form of address."""
        address = Address.parse(text)
        options: dict[str, Any] = {"project": address.project, "location": address.location}
        if address.endpoint:
            options |= {"credentials": AnonymousCredentials(), "client_options": {"api_endpoint": address.endpoint}}
        with _faults("the warehouse's credentials could not be read"):
            return cls(bigquery.Client(**options), address)

    def ensure_tables(self) -> None:
        with _faults("the warehouse's tables could not be made"):
            for name, schema in shared.base_tables().items():
                self._create(name, schema)

    def land(self, *, submission: dict[str, Any], dataset: str, rows: pa.Table, handles: pa.Table | None) -> bool:
        target = shared.landing_table(dataset)
        parts = {target: shared.shaped(rows, shared.base_tables()[target])}
        if handles is not None:
            parts[shared.HANDLES_TABLE] = shared.shaped(handles, HANDLES)
        for part in parts.values():
            shared.check_one_submission(part, submission)
        if self._has_landed(submission):
            return False
        parts[shared.SUBMISSIONS_TABLE] = shared.ledger_row(submission)
        with self._staged(parts) as staged:
            return self._commit_once(f"land_{submission['submission_id']}", _inserts(parts, staged), submission)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        config = QueryJobConfig(query_parameters=[_parameter(p) for p in parameters])
        with _faults("the warehouse could not answer"):
            job = self._client.query(self.qualified(sql), config, retry=_PATIENCE, timeout=_CALL_SECONDS)
            return shared.with_utc(job.result(retry=_PATIENCE).to_arrow(create_bqstorage_client=False))

    def replace_rows(self, table: str, rows: pa.Table, *, where: str | None = None) -> int:
        with self._staged({table: rows}) as staged, _faults("the warehouse could not write"):
            self._create(table, rows.schema)
            statements = [f"delete from {table} where {where or 'true'}", *_inserts({table: rows}, staged)]
            self._run(_transaction(statements)).result(retry=_PATIENCE)
        return rows.num_rows

    def table_exists(self, table: str) -> bool:
        try:
            with _faults("the warehouse could not answer"):
                self._client.get_table(self._id(table), retry=_PATIENCE, timeout=_CALL_SECONDS)
        except WarehouseFault as e:
            if isinstance(e.__cause__, NotFound):
                return False
            raise
        return True

    def released(self) -> AbstractContextManager[None]:
        return nullcontext()

    def dbt_target(self) -> DbtTarget:
        variables = {
            "CLEANROOM_DBT_BIGQUERY_PROJECT": self._address.project,
            "CLEANROOM_DBT_BIGQUERY_PREFIX": self._address.prefix,
            "CLEANROOM_DBT_BIGQUERY_LOCATION": self._address.location,
        }
        return DbtTarget("warehouse", variables | (_emulator(self._address) if self._address.endpoint else {}))

    def close(self) -> None:
        self._client.close()

    def qualified(self, sql: str) -> str:
        """`from landing.transfers` -> from `project.prefix_landing.transfers`."""
        return _NAMED_TABLE.sub(lambda found: f"{found[1]}{found[2]}`{self._id(found[3])}`", sql)

    def _id(self, table: str) -> str:
        return f"{self._address.project}.{self._address.prefix}_{table}"

    def _run(self, sql: str, job_id: str | None = None) -> bigquery.QueryJob:
        # A transaction that failed is never run again by the client: whoever asked for it decides.
        text, patience = self.qualified(sql), {"retry": _PATIENCE, "job_retry": None, "timeout": _CALL_SECONDS}
        return self._client.query(text, job_id=job_id, **patience)

    def _create(self, table: str, schema: pa.Schema) -> None:
        self._ensure_dataset(self._id(table.split(".")[0]))
        made = bigquery.Table(self._id(table), schema=_columns(schema))
        self._client.create_table(made, exists_ok=True, retry=_PATIENCE, timeout=_CALL_SECONDS)

    def _ensure_dataset(self, name: str) -> None:
        # In production the datasets are made with their access rules beforehand, and nobody here may make one.
        try:
            self._client.get_dataset(name, retry=_PATIENCE, timeout=_CALL_SECONDS)
        except NotFound:
            dataset = bigquery.Dataset(name)
            dataset.location = self._address.location
            self._client.create_dataset(dataset, exists_ok=True, retry=_PATIENCE, timeout=_CALL_SECONDS)

    def _has_landed(self, submission: Mapping[str, Any]) -> bool:
        """True for the same submission; SequenceReplayed where another one holds its place in the sequence."""
        found = self.query(
            f"select submission_id from {shared.SUBMISSIONS_TABLE}"
            " where submission_id = ? or (participant = ? and dataset = ? and sequence = ?)",
            [submission[k] for k in ("submission_id", "participant", "dataset", "sequence")],
        )["submission_id"].to_pylist()
        if set(found) - {submission["submission_id"]}:
            raise SequenceReplayed("this sequence number has landed before with other content")
        return bool(found)

    @contextmanager
    def _staged(self, parts: Mapping[str, pa.Table]) -> Iterator[list[str]]:
        """Load each part into a table of its own beside its target, so that one transaction can move them all."""
        run = uuid.uuid4().hex
        names = [f"{table.split('.')[0]}.incoming_{run}_{place}" for place, table in enumerate(parts)]
        with _faults("rows could not be loaded into the warehouse"):
            for name, part in zip(names, parts.values(), strict=True):
                self._load(name, part)
        try:
            yield names
        finally:
            with _faults("the warehouse could not tidy up"):
                for name in names:
                    self._client.delete_table(self._id(name), not_found_ok=True, timeout=_CALL_SECONDS)

    def _load(self, name: str, rows: pa.Table) -> None:
        self._create(name, rows.schema)
        table = self._client.get_table(self._id(name), retry=_PATIENCE, timeout=_CALL_SECONDS)
        table.expires = datetime.now(UTC) + _STAGED_FOR
        self._client.update_table(table, ["expires"], retry=_PATIENCE, timeout=_CALL_SECONDS)
        config = bigquery.LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_TRUNCATE")
        config.schema = _columns(rows.schema)
        self._client.load_table_from_file(_parquet(rows), self._id(name), job_config=config, timeout=600).result()

    def _commit_once(self, job_id: str, inserts: list[str], submission: Mapping[str, Any]) -> bool:
        """One job id per attempt: two runs that land the same submission at once can't both commit."""
        for attempt in range(20):
            try:
                with _faults("the warehouse could not write"):
                    self._run(_transaction(inserts), f"{job_id}_{attempt}").result(retry=_PATIENCE)
                return True
            except WarehouseFault as e:
                if not isinstance(e.__cause__, Conflict):
                    raise
            self._wait_for(f"{job_id}_{attempt}")
            if self._has_landed(submission):
                return False
        raise WarehouseFault("this submission failed to land twenty times; look at the warehouse's job history")

    def _wait_for(self, job_id: str) -> None:
        with _faults("the warehouse could not answer"):
            job = self._client.get_job(job_id, retry=_PATIENCE, timeout=_CALL_SECONDS)
            job.exception(timeout=600)


def _inserts(parts: Mapping[str, pa.Table], staged: list[str]) -> list[str]:
    statements = []
    for (table, part), source in zip(parts.items(), staged, strict=True):
        columns = ", ".join(f"`{name}`" for name in part.column_names)
        statements.append(f"insert into {table} ({columns}) select {columns} from {source}")
    return statements


def _transaction(statements: list[str]) -> str:
    """BigQuery rolls a transaction back by itself when its script fails before the commit."""
    return ";\n".join(["begin transaction", *statements, "commit transaction"]) + ";"


def _columns(schema: pa.Schema) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField(f.name, _sql_type(f.type), "NULLABLE" if f.nullable else "REQUIRED") for f in schema]


def _sql_type(kind: pa.DataType) -> str:
    return shared.sql_type(kind, _SQL_TYPES, "TIMESTAMP")


def _parquet(rows: pa.Table) -> io.BytesIO:
    buffer = io.BytesIO()
    pq.write_table(shared.with_utc(rows), buffer)
    buffer.seek(0)
    return buffer


def _parameter(value: Any) -> ScalarQueryParameter:
    kind = next((name for kind, name in _PARAMETER_TYPES if isinstance(value, kind)), "STRING")
    return ScalarQueryParameter(None, kind, value)


def _emulator(address: Address) -> dict[str, str]:
    return {
        "CLEANROOM_DBT_BIGQUERY_METHOD": "oauth-secrets",
        "CLEANROOM_DBT_BIGQUERY_TOKEN": "none",
        "CLEANROOM_DBT_BIGQUERY_ENDPOINT": address.endpoint,
        "CLEANROOM_DBT_CONTRACTS": "False",  # the emulator lacks the DDL
    }


def _is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _faults(sentence: str) -> Iterator[None]:
    try:
        yield
    except (GoogleAPIError, GoogleAuthError, requests.RequestException, OSError) as e:
        # Google's text may quote values of rows; its kind says enough.
        raise WarehouseFault(f"{sentence} ({type(e).__name__})") from e

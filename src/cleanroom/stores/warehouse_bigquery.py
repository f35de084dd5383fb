"""The warehouse in production: BigQuery, one dataset per station (`<prefix>_<station>`)."""

import io
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import requests
from google.api_core.exceptions import Conflict, GoogleAPIError, NotFound
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.cloud.bigquery import DEFAULT_RETRY, QueryJobConfig

from cleanroom.errors import WarehouseFault
from cleanroom.stores import warehouse as shared
from cleanroom.stores.bigquery_address import Address
from cleanroom.stores.bigquery_values import parameter, spelled
from cleanroom.stores.ports import Ask, DbtTarget, Incoming
from cleanroom.stores.warehouse import Statement
from cleanroom.vocabulary.terms import UploadState

STATIONS = ("landing", "routing", "staging", "moneyflow", "graph", "linked", "scoring", "dispatch", "evaluation")
_PATIENCE = DEFAULT_RETRY.with_timeout(60)  # the client's own default waits ten minutes where nothing listens
_CALL_SECONDS, _LOAD_SECONDS = 60, 600
_STAGED = "incoming_"  # begins the name of a table of one run
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
        with _faults("the warehouse's credentials could not be read", "資料倉儲之憑證無法讀取"):
            return cls(bigquery.Client(**options), address)

    def ensure_tables(self) -> None:
        with _faults("the warehouse's tables could not be made", "資料倉儲之資料表無法建立"):
            for name, schema in shared.base_tables().items():
                self._create(name, schema)

    def land(
        self,
        *,
        submission: Mapping[str, Any],
        dataset: str,
        batches: Iterable[Incoming],
        judge: Callable[[Ask], Mapping[str, Any]] | None = None,
    ) -> bool:
        if shared.has_landed(submission, self.query):
            return False
        with self._staging(f"load_{submission['submission_id']}") as staging:
            for batch in batches:
                for table, rows in shared.rows_of(dataset, batch).items():
                    staging.load(table, rows)
            found = judge(self._asker(staging.names[shared.landing_table(dataset)])) if judge else {}
            statements = shared.superseding(submission, self.query)
            whose = {name: submission[name] for name in ("participant", "submission_id")}
            statements += [staging.insert(table, whose) for table in list(staging.names)]
            staging.load(shared.SUBMISSIONS_TABLE, shared.ledger_row(submission, found))
            statements.append(staging.insert(shared.SUBMISSIONS_TABLE, {}))
            return self._commit_once(f"land_{submission['submission_id']}", statements, submission)

    def withdraw(self, submission_id: str, *, at: datetime) -> bool:
        dataset = shared.dataset_of_live(submission_id, self.query)
        if dataset is None:
            return False
        statements = shared.end_of(submission_id, dataset, state=UploadState.WITHDRAWN.value, at=at)
        with _faults("the warehouse could not write", "資料倉儲無法寫入"):
            self._run(statements).result(retry=_PATIENCE)
        return True

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        config = QueryJobConfig(query_parameters=[parameter(p) for p in parameters])
        with _faults("the warehouse could not answer", "資料倉儲無法回應"):
            job = self._client.query(self.qualified(sql), config, retry=_PATIENCE, timeout=_CALL_SECONDS)
            return shared.with_utc(job.result(retry=_PATIENCE).to_arrow(create_bqstorage_client=False))

    def replace_rows(self, table: str, rows: pa.Table, *, where: str | None = None) -> int:
        with self._staging("replace") as staging, _faults("the warehouse could not write", "資料倉儲無法寫入"):
            staging.load(table, rows)
            self._create(table, rows.schema)
            statements = [(f"delete from {table} where {where or 'true'}", []), staging.insert(table, {})]
            self._run(statements).result(retry=_PATIENCE)
        return rows.num_rows

    def table_exists(self, table: str) -> bool:
        try:
            with _faults("the warehouse could not answer", "資料倉儲無法回應"):
                self._client.get_table(self._id(table), retry=_PATIENCE, timeout=_CALL_SECONDS)
        except WarehouseFault as e:
            if isinstance(e.__cause__, NotFound):
                return False
            raise
        return True

    def columns_ending(self, suffix: str) -> list[tuple[str, str]]:
        found = []
        with _faults("the warehouse could not answer", "資料倉儲無法回應"):
            for station in STATIONS:
                found += [(place, name) for place, name in self._columns_of(station) if name.endswith(suffix)]
        return sorted(found)

    def _columns_of(self, station: str) -> Iterator[tuple[str, str]]:
        try:
            tables = list(self._client.list_tables(self._id(station), retry=_PATIENCE, timeout=_CALL_SECONDS))
        except NotFound:
            return
        for listed in tables:
            if listed.table_type == "TABLE" and not listed.table_id.startswith(_STAGED):
                table = self._client.get_table(listed.reference, retry=_PATIENCE, timeout=_CALL_SECONDS)
                yield from ((f"{station}.{listed.table_id}", column.name) for column in table.schema)

    def transact(self, statements: Sequence[Statement], *, given: Mapping[str, pa.Table] | None = None) -> None:
        with self._staging("transact") as staging, _faults("the warehouse could not write", "資料倉儲無法寫入"):
            for name, rows in (given or {}).items():
                staging.load(f"{STATIONS[0]}.{name}", rows)
            names = {name: staging.names[f"{STATIONS[0]}.{name}"] for name in given or {}}
            named = [(shared.named(sql, names), parameters) for sql, parameters in statements]
            self._run(named).result(retry=_PATIENCE)

    def bytes_scanned(self, since: datetime) -> int | None:
        # Also of dbt, which runs as the same account. A script's own figure holds its statements'.
        with _faults("the warehouse's job records could not be read", "資料倉儲之作業紀錄無法讀取"):
            jobs = self._client.list_jobs(min_creation_time=since, state_filter="done", timeout=_CALL_SECONDS)
            return sum(job.total_bytes_processed or 0 for job in jobs if isinstance(job, bigquery.QueryJob))

    def released(self) -> AbstractContextManager[None]:
        return nullcontext()

    def dbt_target(self) -> DbtTarget:
        return self._address.dbt_target()

    def close(self) -> None:
        self._client.close()

    def qualified(self, sql: str) -> str:
        """`from landing.transfers` -> from `project.prefix_landing.transfers`."""
        return _NAMED_TABLE.sub(lambda found: f"{found[1]}{found[2]}`{self._id(found[3])}`", sql)

    def _id(self, table: str) -> str:
        return f"{self._address.project}.{self._address.prefix}_{table}"

    def _run(self, statements: Sequence[Statement], job_id: str | None = None) -> bigquery.QueryJob:
        """All of them commit, or none: BigQuery rolls back by itself when a script fails before its commit."""
        script = ["begin transaction", *(spelled(*statement) for statement in statements), "commit transaction"]
        # A transaction that failed is never run again by the client: whoever asked for it decides.
        patience = {"retry": _PATIENCE, "job_retry": None, "timeout": _CALL_SECONDS}
        return self._client.query(self.qualified(";\n".join(script) + ";"), job_id=job_id, **patience)

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

    def _asker(self, staged: str) -> Ask:
        def ask(sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
            return self.query(sql.replace(shared.INCOMING, f"{staged} as incoming"), parameters)

        return ask

    @contextmanager
    def _staging(self, job: str) -> Iterator["_Staging"]:
        """Tables of this run alone, beside their targets, so that one transaction can move all rows."""
        staging = _Staging(self, job)
        try:
            yield staging
        finally:
            with _faults("the warehouse could not tidy up", "資料倉儲無法清理暫存"):
                for name in staging.names.values():
                    self._client.delete_table(self._id(name), not_found_ok=True, timeout=_CALL_SECONDS)

    def make_staged(self, name: str, schema: pa.Schema) -> None:
        self._create(name, schema)
        table = self._client.get_table(self._id(name), retry=_PATIENCE, timeout=_CALL_SECONDS)
        table.expires = datetime.now(UTC) + _STAGED_FOR
        self._client.update_table(table, ["expires"], retry=_PATIENCE, timeout=_CALL_SECONDS)

    def load(self, name: str, rows: pa.Table, *, job_id: str) -> None:
        config = bigquery.LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_APPEND")
        config.schema = _columns(rows.schema)
        self._client.load_table_from_file(
            _parquet(rows), self._id(name), job_id=job_id, job_config=config, timeout=_LOAD_SECONDS
        ).result()

    def _commit_once(self, job_id: str, statements: Sequence[Statement], submission: Mapping[str, Any]) -> bool:
        """One job id per attempt: two runs that land the same submission at once can't both commit."""
        for attempt in range(20):
            try:
                with _faults("the warehouse could not write", "資料倉儲無法寫入"):
                    self._run(statements, f"{job_id}_{attempt}").result(retry=_PATIENCE)
                return True
            except WarehouseFault as e:
                if not isinstance(e.__cause__, Conflict):
                    raise
            self._wait_for(f"{job_id}_{attempt}")
            if shared.has_landed(submission, self.query):
                return False
        raise WarehouseFault(
            "this submission failed to land twenty times; look at the warehouse's job history",
            zh="此上傳件已二十次入庫失敗；請查看資料倉儲之作業紀錄",
        )

    def _wait_for(self, job_id: str) -> None:
        with _faults("the warehouse could not answer", "資料倉儲無法回應"):
            job = self._client.get_job(job_id, retry=_PATIENCE, timeout=_CALL_SECONDS)
            job.exception(timeout=600)


class _Staging:
    """`names`: target table -> the table beside it that holds what will go there. Each load is a job of its own."""

    def __init__(self, warehouse: BigQueryWarehouse, job: str):
        self._warehouse, self._job, self._loads = warehouse, job, 0
        self._run, self._columns = uuid.uuid4().hex, {}
        self.names: dict[str, str] = {}

    def load(self, table: str, rows: pa.Table) -> None:
        with _faults("rows could not be loaded into the warehouse", "資料列無法載入資料倉儲"):
            if table not in self.names:
                self.names[table] = f"{table.split('.')[0]}.{_STAGED}{self._run}_{len(self.names)}"
                self._columns[table] = rows.column_names
                self._warehouse.make_staged(self.names[table], rows.schema)
            self._warehouse.load(self.names[table], rows, job_id=f"{self._job}_{self._loads}_{self._run[:8]}")
        self._loads += 1

    def insert(self, table: str, constants: Mapping[str, str]) -> Statement:
        """`constants`: columns that have one value in every row."""
        columns = [f"`{name}`" for name in self._columns[table]]
        named = ", ".join([*(f"`{name}`" for name in constants), *columns])
        values = ", ".join([*("?" for _ in constants), *columns])
        return f"insert into {table} ({named}) select {values} from {self.names[table]}", list(constants.values())


def _columns(schema: pa.Schema) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField(f.name, _sql_type(f.type), "NULLABLE" if f.nullable else "REQUIRED") for f in schema]


def _sql_type(kind: pa.DataType) -> str:
    return shared.sql_type(kind, _SQL_TYPES, "TIMESTAMP")


def _parquet(rows: pa.Table) -> io.BytesIO:
    buffer = io.BytesIO()
    pq.write_table(shared.with_utc(rows), buffer)
    buffer.seek(0)
    return buffer


@contextmanager
def _faults(sentence: str, zh: str) -> Iterator[None]:
    try:
        yield
    except (GoogleAPIError, GoogleAuthError, requests.RequestException, OSError) as e:
        # Google's text may quote values of rows; its kind says enough.
        kind = type(e).__name__
        raise WarehouseFault(f"{sentence} ({kind})", zh=f"{zh}（{kind}）") from e

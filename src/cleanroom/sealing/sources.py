"""A dataset that is a query on the institution's own database, as batches of text: the shape in which files are read.

The connection may only read where the engine can hold it to that, rows come through a cursor at the server, and no
value passes through floating point. The address with its password is never shown: not in an error, not in a log. A
database's own message may quote values, so of it only the class and the SQLSTATE (ISO 9075) are told.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pyarrow as pa

from cleanroom.contracts.specification import DatasetContract
from cleanroom.errors import DatabaseFault, MalformedRows, SettingsInvalid, Where
from cleanroom.sealing.batches import BATCH_ROWS, TYPED
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.ordinary import open_ordinary
from cleanroom.settings import ParticipantSettings

FETCH_ROWS = 10_000  # rows that the driver holds as Python objects at a time
QUERY_CAP_BYTES = 256 * 1024
URL_CAP_BYTES = 4096
_CENT_DIGITS = 2
# What makes a session read only. Engines that are not named here know no such thing: give their user no more rights.
_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}


def batches(
    file: ClearFile, contract: DatasetContract, *, database_url: str, batch_rows: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of `file`'s query: one text column per field of the contract, in its order, null where the database has
    none; TYPED as metadata of columns that came as days or times. At least one batch, also of no rows.

    Raises SettingsInvalid (no address, unknown engine, driver missing), MalformedRows (not the contract's columns, a
    query that the database does not take, a type that cannot be told exactly), DatabaseFault (anything that may pass).
    """
    name, sql = file.path.name, _query(file)
    with (
        _faults(name),
        _connection(database_url, name) as connection,
        closing(connection.exec_driver_sql(sql)) as result,
    ):
        if not result.returns_rows:
            raise _refused(
                name,
                "the query gives no rows; it must be one SELECT",
                "查詢未傳回任何列；須為單一 SELECT",
                rule="query_form",
            )
        order = _order(list(result.keys()), contract, name)
        for rows in _at_least_one(_joined(result.partitions(FETCH_ROWS), batch_rows)):
            yield _batch(rows, order, contract, name)


def database_url(settings: ParticipantSettings) -> str:
    """From CLEANROOM_DATABASE_URL_FILE (mode 0600), else from the environment; "" where neither names one.

    Raises SettingsInvalid for a file that is not there or that others may read."""
    path = settings.database_url_file
    if path is None:
        return settings.database_url
    where = Where(file=str(path))
    try:
        with open_ordinary(path) as file:
            loose = os.fstat(file.fileno()).st_mode & 0o077
            url = file.read(URL_CAP_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError, MalformedRows):
        raise SettingsInvalid(
            "the file with the database's address cannot be read", zh="資料庫位址檔無法讀取", where=where
        ) from None
    if loose:
        raise SettingsInvalid(
            "others may read the database's password; run: chmod 600",
            zh="他人可讀取資料庫密碼；請執行 chmod 600",
            where=where,
        )
    return url


def digest(found: Iterable[pa.RecordBatch]) -> str:
    """SHA-256 over the rows in their order, in hex: equal for equal rows in batches of the same size."""
    sha = hashlib.sha256()
    for batch in found:
        sha.update(batch.schema.serialize())
        sha.update(batch.serialize())
    return sha.hexdigest()


def _query(file: ClearFile) -> str:
    with open_ordinary(file.path) as source:
        raw = source.read(QUERY_CAP_BYTES + 1)
    try:
        text = raw.decode("utf-8-sig").strip().rstrip(";").strip()
    except UnicodeDecodeError:
        text = ""
    if not text or len(raw) > QUERY_CAP_BYTES or "\0" in text:
        raise _refused(
            file.path.name,
            "the file holds no query in UTF-8 of at most 256 KiB",
            "檔案非 256 KiB 以內之 UTF-8 查詢",
            rule="query_form",
        )
    return text


# --- the connection -----------------------------------------------------------------------------------------------


@contextmanager
def _connection(url: str, name: str) -> Iterator:
    engine = _engine(url, name)
    try:
        with engine.connect() as connection:
            statement = _READ_ONLY.get(engine.dialect.name)
            if statement:
                connection.exec_driver_sql(statement)
            if engine.dialect.name == "postgresql":
                connection.commit()  # it counts for the session's next transactions, not for this one
            # A cursor at the server; and the text is the database's alone, `%` and `:` in it are no parameters.
            yield connection.execution_options(stream_results=True, max_row_buffer=FETCH_ROWS, no_parameters=True)
            connection.rollback()
    finally:
        engine.dispose()


def _engine(url: str, name: str):
    where = Where(file=name)
    if not url:
        raise SettingsInvalid(
            "the dataset is a query, and no database is named: put its address into a file of mode 0600 and set "
            "CLEANROOM_DATABASE_URL_FILE",
            zh="此資料集為查詢，但未指定資料庫：請將其位址存為 0600 權限之檔案，並設定 CLEANROOM_DATABASE_URL_FILE",
            where=where,
        )
    try:
        import sqlalchemy  # an extra: institutions that upload files do without
    except ImportError:
        raise SettingsInvalid(
            "reading from a database needs one more package: pip install 'financial-clean-room[database]'",
            zh="自資料庫讀取須另裝套件：pip install 'financial-clean-room[database]'",
            where=where,
        ) from None
    try:
        parsed = sqlalchemy.make_url(url)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        raise SettingsInvalid(
            "the database's address has not the form engine://user@host/name",
            zh="資料庫位址格式須為 engine://user@host/name",
            where=where,
        ) from None
    if parsed.get_backend_name() == "sqlite" and not _there(parsed.database or ""):
        raise DatabaseFault(
            "there is no SQLite file at the database's address", zh="資料庫位址無 SQLite 檔案", where=where
        )
    try:
        return sqlalchemy.create_engine(parsed, poolclass=sqlalchemy.NullPool, hide_parameters=True)
    except (sqlalchemy.exc.SQLAlchemyError, ImportError, TypeError, ValueError):
        raise SettingsInvalid(
            f"no driver for {parsed.get_backend_name()} databases is installed; add the one that the address names",
            zh=f"未安裝 {parsed.get_backend_name()} 資料庫之驅動程式；請安裝位址所指者",
            where=where,
        ) from None


def _there(database: str) -> bool:
    """SQLite makes the file that it does not find; an address of the form `file:...` says itself what it wants."""
    return database.startswith("file:") or os.path.isfile(database)


@contextmanager
def _faults(name: str) -> Iterator[None]:
    """Errors of the database without their texts. `from None`: a traceback would show what the text quoted."""
    try:
        yield
    except Exception as e:
        translated = _translated(e, name)
        if translated is None:
            raise
        raise translated from None


def _translated(error: Exception, name: str) -> Exception | None:
    """None for errors that are not the database's."""
    original = getattr(error, "orig", None)
    module = type(original or error).__module__.partition(".")[0]
    if original is None and module not in ("sqlalchemy", "psycopg", "sqlite3"):
        return None
    told = _told(original or error)
    if _may_pass(error, original):
        sentence = f"the database could not be reached or broke off ({told})"
        return DatabaseFault(sentence, zh=f"資料庫無法連線或連線中斷（{told}）", where=Where(file=name))
    return _refused(
        name, f"the database does not take the query ({told})", f"資料庫不接受此查詢（{told}）", rule="query_form"
    )


def _told(error: Exception) -> str:
    state = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return f"{type(error).__name__} {state}" if state else type(error).__name__


def _may_pass(error: Exception, original: Exception | None) -> bool:
    """Operational and interface errors of PEP 249 may pass; SQLite calls a wrong query operational as well."""
    code = getattr(original, "sqlite_errorname", None)
    if code is not None:
        return code.partition("_")[2].partition("_")[0] in ("BUSY", "LOCKED", "IOERR", "CANTOPEN", "FULL", "NOMEM")
    kinds = {kind.__name__ for kind in type(original or error).__mro__}
    return bool(getattr(error, "connection_invalidated", False) or kinds & {"OperationalError", "InterfaceError"})


# --- rows to columns of text --------------------------------------------------------------------------------------


def _order(names: list[str], contract: DatasetContract, file: str) -> list[int]:
    """Where each field of the contract stands in a row. What nobody agreed on is refused: it may name people."""
    for rule, wrong in (
        ("missing_column", [n for n in contract.column_names if n not in names]),
        ("unknown_column", [n for n in names if n not in contract.column_names]),
        ("repeated_column", [n for n in contract.column_names if names.count(n) > 1]),
    ):
        if wrong:
            sentence = f"the query does not give the specification's columns, each once ({len(wrong)} wrong)"
            shown = wrong[0] if rule != "unknown_column" else None  # a column without a name is called by its text
            zh = f"查詢結果未恰含資料規格之各欄位一次（{len(wrong)} 處不符）"
            raise MalformedRows(sentence, zh=zh, where=Where(file=file, column=shown), rule=rule)
    return [names.index(n) for n in contract.column_names]


def _joined(partitions: Iterable[list], batch_rows: int) -> Iterator[list]:
    """Fetches to batches of exactly `batch_rows`, the last one shorter: a digest must not depend on the driver."""
    waiting: list = []
    for rows in partitions:
        waiting += rows
        while len(waiting) >= batch_rows:
            yield waiting[:batch_rows]
            waiting = waiting[batch_rows:]
    if waiting:
        yield waiting


def _at_least_one(found: Iterator[list]) -> Iterator[list]:
    yield next(found, [])
    yield from found


def _batch(rows: list, order: list[int], contract: DatasetContract, file: str) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True)) or [()] * len(order)
    arrays, fields = [], []
    for spec, position in zip(contract.fields, order, strict=True):
        array, typed = _text(columns[position], file, spec.name, day=spec.physical_type == "date")
        arrays.append(array)
        fields.append(pa.field(spec.name, pa.string(), metadata=TYPED if typed else None))
    return pa.record_batch(arrays, schema=pa.schema(fields))


def _text(values: tuple, file: str, column: str, *, day: bool) -> tuple[pa.Array, bool]:
    """Exact text of one column, and whether it was days or times."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {str}:
        return pa.array(values, pa.string()), False
    temporal = kinds <= {datetime, date}
    if not temporal and kinds & {datetime, date}:
        raise _refused(
            file,
            "the column mixes text with days or times",
            "此欄混有文字與日期或時間",
            rule="query_type",
            column=column,
        )
    if float in kinds:
        raise _refused(
            file,
            "the column is floating point, which cannot hold numbers exactly",
            "此欄為浮點數，無法精確表示數值",
            rule="no_floating_point",
            column=column,
        )
    if not kinds <= _WRITERS.keys():
        raise _refused(
            file,
            "the column has a type that cannot be told as text",
            "此欄之型別無法以文字表示",
            rule="query_type",
            column=column,
        )
    text = [None if v is None else _WRITERS[type(v)](v) for v in values]
    if temporal and day:  # many databases know no days, only midnights
        text = [None if t is None else t.removesuffix("T00:00:00") for t in text]
    return pa.array(text, pa.string()), temporal


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _decimal(value: Decimal) -> str:
    text = format(value, "f")
    # The type's scale, not the amount, asks for these zeros.
    wide = value.is_finite() and -value.as_tuple().exponent > _CENT_DIGITS
    return text.rstrip("0").rstrip(".") if wide else text


_WRITERS = {
    str: str,
    bool: lambda value: "true" if value else "false",
    int: str,
    Decimal: _decimal,
    UUID: str,
    datetime: _moment,
    date: date.isoformat,
}


def _refused(file: str, sentence: str, zh: str, *, rule: str, column: str | None = None) -> MalformedRows:
    return MalformedRows(sentence, zh=zh, where=Where(file=file, column=column), rule=rule)

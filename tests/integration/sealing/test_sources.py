"""Queries on an institution's own database, asked of SQLite and, over the wire, of PostgreSQL."""

import logging
import traceback
from dataclasses import replace

import pyarrow as pa
import pytest

from cleanroom.contracts.manifest import Source
from cleanroom.contracts.specification import load_specification
from cleanroom.errors import DatabaseFault, MalformedRows, SettingsInvalid
from cleanroom.sealing import sources
from cleanroom.sealing.folder import ClearFile
from cleanroom.settings import ParticipantSettings
from tests.factories import databases
from tests.factories.clean_room import transfer_rows
from tests.factories.databases import QUERY, TRANSFERS, postgresql_at, sqlite_in

CONTRACT = load_specification().datasets["transfers"]
FORM = Source(format="query", encoding=None, calendar="gregorian", timezone="Asia/Taipei")
SECRET = "not-to-be-shown"


@pytest.fixture(scope="module")
def postgresql():
    with databases.postgresql() as address:
        yield postgresql_at(address)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    found = sqlite_in(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql")
    found.fill(transfer_rows("808"))
    return found


@pytest.fixture
def ask(tmp_path):
    def read(database, sql=QUERY, **options):
        path = tmp_path / "transfers.sql"
        path.write_text(sql)
        url = database if isinstance(database, str) else database.url
        return list(sources.batches(ClearFile("transfers", path, FORM), CONTRACT, database_url=url, **options))

    return read


def refusal(ask, database, sql, kind=MalformedRows):
    with pytest.raises(kind) as caught:
        ask(database, sql)
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown.replace(repr(sql), "")
    assert SECRET not in str(caught.value)
    assert caught.value.where.file == "transfers.sql"
    return caught.value


def test_rows_come_as_text_of_the_contract(database, ask):
    [batch] = ask(database)
    assert batch.schema.names == CONTRACT.column_names
    assert set(batch.schema.types) == {pa.string()}
    first = batch.to_pylist()[0]
    assert first["txn_id"] == "808-000001"
    assert first["sender_account"] == "808000000001"
    assert float(first["amount_twd"]) == 1000
    assert first["preregistered"] == "false"


def test_money_and_times_of_typed_columns_are_exact(postgresql, ask):
    postgresql.fill(transfer_rows("808"))
    postgresql.run("update bookings set amount_twd = 99999999999999.01, executed_at = '2025-04-01 00:00:00.000001+08'")
    [batch] = ask(postgresql)
    assert set(batch["amount_twd"].to_pylist()) == {"99999999999999.01"}
    assert set(batch["executed_at"].to_pylist()) == {"2025-03-31T16:00:00.000001Z"}
    assert batch.schema.field("executed_at").metadata == sources.TYPED
    assert batch.schema.field("amount_twd").metadata is None


def test_more_than_cents_stays_for_the_rule_to_refuse(postgresql, ask):
    postgresql.fill(transfer_rows("808"))
    postgresql.run("update bookings set amount_twd = 1.0010")
    assert set(ask(postgresql)[0]["amount_twd"].to_pylist()) == {"1.001"}


def test_batches_are_of_the_asked_size_and_the_digest_is_of_the_rows(database, ask):
    database.run("delete from bookings")
    row = transfer_rows("808")[0]
    database.add([[f"808-{n:06d}", *row[1:]] for n in range(25)])
    found = ask(database, batch_rows=10)
    assert [batch.num_rows for batch in found] == [10, 10, 5]
    numbers = [name for batch in found for name in batch["txn_id"].to_pylist()]
    assert numbers == [f"808-{n:06d}" for n in range(25)]
    before = sources.digest(ask(database, batch_rows=10))
    assert sources.digest(ask(database, batch_rows=10)) == before
    database.run("update bookings set channel = 'atm' where txn_id = '808-000024'")
    assert sources.digest(ask(database, batch_rows=10)) != before


def test_no_rows_are_one_empty_batch_of_the_contract(database, ask):
    [batch] = ask(database, QUERY.replace(" order", " where 1 = 0 order"))
    assert (batch.num_rows, batch.schema.names) == (0, CONTRACT.column_names)


def test_rows_come_through_a_cursor_at_the_server(postgresql, ask, caplog):
    """Memory must not hold the whole answer: the driver declares a cursor and fetches from it."""
    postgresql.fill(transfer_rows("808"))
    postgresql.run("create or replace view cursors as select name from pg_cursors")
    names = ", ".join(n for n in TRANSFERS if n != "channel")
    sql = f"select {names}, (select max(name) from cursors) as channel from bookings"
    [batch] = ask(postgresql, sql)
    assert all(batch["channel"].to_pylist()), "no cursor was open while the rows were read"


@pytest.mark.parametrize("sql", ["delete from bookings", "update bookings set channel = 'atm'", "drop table bookings"])
def test_nothing_can_be_written(database, ask, sql):
    before = database.count()
    assert refusal(ask, database, sql).rule == "query_form"
    assert database.count() == before > 0


def test_a_function_that_writes_is_refused(postgresql, ask):
    postgresql.fill(transfer_rows("808"))
    postgresql.run(
        "create or replace function sly() returns text as $$ delete from bookings; select 'atm' $$ language sql"
    )
    names = ", ".join(n for n in TRANSFERS if n != "channel")
    error = refusal(ask, postgresql, f"select {names}, sly() as channel from bookings")
    assert "25006" in str(error)  # read_only_sql_transaction
    assert postgresql.count() == 3


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda sql: "", "query_form"),
        (lambda sql: "selec t", "query_form"),
        (lambda sql: sql.replace("bookings", "nowhere"), "query_form"),
        (lambda sql: sql.replace("channel,", ""), "missing_column"),
        (lambda sql: sql.replace("channel,", f"channel, '{SECRET}',"), "unknown_column"),
        (lambda sql: sql.replace("channel,", "channel, channel,"), "repeated_column"),
        (lambda sql: f"select 1 as one where '{SECRET}' = '' and 1 = (select", "query_form"),
    ],
)
def test_queries_that_are_refused(database, ask, change, rule):
    assert refusal(ask, database, change(QUERY)).rule == rule


def test_floating_point_is_refused(database, ask):
    cast = "cast(amount_twd as double precision) as amount_twd"
    error = refusal(ask, database, QUERY.replace("amount_twd", cast, 1))
    assert (error.rule, error.where.column) == ("no_floating_point", "amount_twd")


def test_a_type_without_exact_text_is_refused(postgresql, ask):
    postgresql.fill(transfer_rows("808"))
    error = refusal(ask, postgresql, QUERY.replace("channel", "array[channel] as channel", 1))
    assert (error.rule, error.where.column) == ("query_type", "channel")


def test_a_value_that_the_database_quotes_in_its_error_is_not_repeated(postgresql, ask):
    postgresql.fill(transfer_rows("808"))
    postgresql.run(f"update bookings set channel = '{SECRET}'")
    error = refusal(ask, postgresql, QUERY.replace("channel", "cast(channel as integer)::text as channel", 1))
    assert "22P02" in str(error)  # invalid_text_representation


def test_percent_signs_and_colons_are_the_querys_own(database, ask):
    sql = QUERY.replace(" order", " where txn_id like '808-%' and '12:30' <> ':x' order")
    assert sum(batch.num_rows for batch in ask(database, sql)) == 3


def test_a_database_that_is_gone_is_a_fault_that_names_nothing(ask):
    refusal(ask, f"postgresql+psycopg://u:{SECRET}@127.0.0.1:1/x", QUERY, DatabaseFault)
    refusal(ask, f"sqlite:////nowhere/{SECRET}/bank.db", QUERY, DatabaseFault)


@pytest.mark.parametrize("url", ["", "no address", f"nonesuch://u:{SECRET}@h/x", f"mysql+pymysql://u:{SECRET}@h/x"])
def test_addresses_that_do_not_serve(ask, url):
    refusal(ask, url, QUERY, SettingsInvalid)


def test_a_connection_that_breaks_off_is_a_fault(postgresql, ask):
    postgresql.fill(transfer_rows("808"))
    sql = QUERY.replace("channel", "coalesce(pg_terminate_backend(pg_backend_pid())::text, '') as channel", 1)
    refusal(ask, postgresql, sql, DatabaseFault)


def test_the_address_comes_from_a_file_that_nobody_else_reads(tmp_path):
    path = tmp_path / "database.url"
    path.write_text("sqlite:///bank.db\n")
    path.chmod(0o600)
    settings = ParticipantSettings("808", tmp_path, tmp_path, database_url_file=path, database_url="sqlite:///other")
    assert sources.database_url(settings) == "sqlite:///bank.db"
    path.chmod(0o640)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        sources.database_url(settings)
    with pytest.raises(SettingsInvalid):
        sources.database_url(replace(settings, database_url_file=tmp_path / "none"))


def test_the_address_is_in_no_text_of_the_settings(tmp_path):
    settings = ParticipantSettings.from_environment("808", {"CLEANROOM_DATABASE_URL": f"sqlite:///{SECRET}"})
    assert sources.database_url(settings).endswith(SECRET)
    assert SECRET not in repr(settings)


def test_nothing_of_the_rows_is_logged(database, ask, caplog):
    with caplog.at_level(logging.DEBUG):
        ask(database)
    assert "808000000001" not in caplog.text

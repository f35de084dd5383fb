"""The database refuses to change or remove an audit event, whoever asks. One statement per string, by engine."""

INSTALL = {
    "sqlite": (
        """CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        """CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        """CREATE TRIGGER audit_event_grows BEFORE INSERT ON audit_event
        WHEN NEW.sequence != (SELECT COALESCE(MAX(sequence), 0) + 1 FROM audit_event)
        BEGIN SELECT RAISE(ABORT, 'the audit log grows by one event at its end'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$""",
        """CREATE FUNCTION audit_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.sequence <> (SELECT COALESCE(MAX(sequence), 0) + 1 FROM audit_event) THEN
            RAISE EXCEPTION 'the audit log grows by one event at its end';
          END IF;
          RETURN NEW;
        END $$""",
        """CREATE TRIGGER audit_event_no_change BEFORE UPDATE OR DELETE ON audit_event
        FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()""",
        """CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()""",
        """CREATE TRIGGER audit_event_grows BEFORE INSERT ON audit_event
        FOR EACH ROW EXECUTE FUNCTION audit_in_order()""",
    ),
}

REMOVE = {
    "sqlite": (
        "DROP TRIGGER audit_event_no_update",
        "DROP TRIGGER audit_event_no_delete",
        "DROP TRIGGER audit_event_grows",
    ),
    "postgresql": (
        "DROP TRIGGER audit_event_no_change ON audit_event",
        "DROP TRIGGER audit_event_no_truncate ON audit_event",
        "DROP TRIGGER audit_event_grows ON audit_event",
        "DROP FUNCTION audit_refuse_change()",
        "DROP FUNCTION audit_in_order()",
    ),
}


def kept_for_ever(table: str) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Statements that install and remove, by engine, the refusal to change or remove a row of this table."""
    refusal = f"what vouches for the audit log is append-only ({table})"
    install = {
        "sqlite": tuple(
            f"""CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table}
            BEGIN SELECT RAISE(ABORT, '{refusal}'); END"""
            for act in ("update", "delete")
        ),
        "postgresql": (
            f"""CREATE FUNCTION {table}_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '{refusal}'; END $$""",
            f"""CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_refuse_change()""",
            f"""CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse_change()""",
        ),
    }
    remove = {
        "sqlite": tuple(f"DROP TRIGGER {table}_no_{act}" for act in ("update", "delete")),
        "postgresql": (
            f"DROP TRIGGER {table}_no_change ON {table}",
            f"DROP TRIGGER {table}_no_truncate ON {table}",
            f"DROP FUNCTION {table}_refuse_change()",
        ),
    }
    return install, remove

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

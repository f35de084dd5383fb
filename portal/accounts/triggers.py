"""The database refuses two roles for one person that exclude each other; written from the table in names.py."""

from collections.abc import Iterable, Sequence


def _excluded(pairs: Iterable[Sequence[str]]) -> str:
    """SQL condition: the user of the new row already holds a role that excludes the new one."""
    both_ways = sorted({(a, b) for a, b in pairs} | {(b, a) for a, b in pairs})
    values = ", ".join(f"('{new}', '{held}')" for new, held in both_ways)
    return f"""EXISTS (
      WITH excluded (new_role, held_role) AS (VALUES {values})
      SELECT 1 FROM accounts_rolegrant AS held JOIN excluded ON excluded.held_role = held.role
      WHERE held.user_id = NEW.user_id AND held.id <> NEW.id AND excluded.new_role = NEW.role)"""  # noqa: S608  closed set


def install(pairs: Iterable[Sequence[str]]) -> dict[str, tuple[str, ...]]:
    condition = _excluded(list(pairs))
    return {
        "sqlite": tuple(
            f"""CREATE TRIGGER accounts_roles_exclude_{event} BEFORE {event} ON accounts_rolegrant
            WHEN {condition}
            BEGIN SELECT RAISE(ABORT, 'this role excludes another role of the person'); END"""
            for event in ("insert", "update")
        ),
        "postgresql": (
            f"""CREATE FUNCTION accounts_roles_exclude() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              PERFORM 1 FROM accounts_user WHERE id = NEW.user_id FOR UPDATE;
              IF {condition} THEN
                RAISE EXCEPTION 'this role excludes another role of the person' USING ERRCODE = 'check_violation';
              END IF;
              RETURN NEW;
            END $$""",
            """CREATE TRIGGER accounts_roles_exclude BEFORE INSERT OR UPDATE ON accounts_rolegrant
            FOR EACH ROW EXECUTE FUNCTION accounts_roles_exclude()""",
        ),
    }


REMOVE = {
    "sqlite": ("DROP TRIGGER accounts_roles_exclude_insert", "DROP TRIGGER accounts_roles_exclude_update"),
    "postgresql": (
        "DROP TRIGGER accounts_roles_exclude ON accounts_rolegrant",
        "DROP FUNCTION accounts_roles_exclude()",
    ),
}

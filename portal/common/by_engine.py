"""Statements that differ by database engine, for migrations."""

from collections.abc import Mapping, Sequence

from django.db.migrations import RunPython

Statements = Mapping[str, Sequence[str]]


def run_by_engine(install: Statements, remove: Statements) -> RunPython:
    """A migration step that runs the statements of the engine in use. An engine without any is an error."""
    return RunPython(_runner(install), _runner(remove))


def _runner(statements: Statements):
    def run(apps, schema_editor) -> None:
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement, params=None)

    return run

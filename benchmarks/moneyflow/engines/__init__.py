"""One small module per engine, each with its ENGINE."""

from importlib import import_module

from benchmarks.moneyflow.cases import Engine

ALL = ("lookout", "duckdb_layers", "duckdb_using_key", "duckdb_recursive", "postgres_layers", "postgres_recursive")


def engine(name: str) -> Engine:
    """One of ALL, or the dotted name of another module with an ENGINE."""
    return import_module(name if "." in name else f"{__name__}.{name}").ENGINE

"""Rows of a parameter file, and what each means for its read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from benchmarks.finbench import queries
from benchmarks.finbench.data import Bank
from benchmarks.finbench.edges import ASCENDING, DESCENDING
from benchmarks.finbench.queries import Cut, Row


@dataclass(frozen=True)
class Query:
    """`fields`: how many a parameter row has. `answer` takes the bank and those fields as text."""

    fields: int
    answer: Callable[[Bank, list[str]], list[Row]]


def rows(path: Path, query: Query) -> Iterator[list[str]]:
    """Parameter rows. Lines that begin with no id are headings (the published files have a few) and are passed over.

    Raises ValueError, naming the line, where a row has other fields than its read takes.
    """
    for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split("|")
        if not fields[0].isdigit():
            continue
        if len(fields) != query.fields:
            raise ValueError(f"{path.name}, line {place}: {len(fields)} fields, and the read takes {query.fields}")
        yield fields


def typed(fields: list[str]) -> list[int | float | str]:
    """The fields as JSON gives them back."""
    return [_typed(field) for field in fields]


def _typed(field: str) -> int | float | str:
    if field.lstrip("-").isdigit():
        return int(field)
    try:
        return float(field)
    except ValueError:
        return field


def _cut(fields: list[str]) -> Cut:
    start_ms, end_ms, *truncation = fields
    if not truncation:
        return Cut(int(start_ms), int(end_ms))
    limit, order = truncation
    if order not in (ASCENDING, DESCENDING):
        raise ValueError(f"{order} is no order of truncation")
    return Cut(int(start_ms), int(end_ms), int(limit), order)


def _of_account(read) -> Callable[[Bank, list[str]], list[Row]]:
    def answer(bank: Bank, fields: list[str]) -> list[Row]:
        account = bank.account(int(fields[0]))
        return [] if account is None else read(bank, account, *map(Decimal, fields[1:-4]), _cut(fields[-4:]))

    return answer


def _of_other(read) -> Callable[[Bank, list[str]], list[Row]]:
    return lambda bank, fields: read(bank, int(fields[0]), *map(Decimal, fields[1:-4]), _cut(fields[-4:]))


def _shortest(bank: Bank, fields: list[str]) -> list[Row]:
    origin, target = bank.account(int(fields[0])), bank.account(int(fields[1]))
    return [[-1]] if origin is None or target is None else queries.read_3(bank, origin, target, _cut(fields[2:]))


QUERIES = {
    1: Query(5, _of_account(queries.read_1)),
    2: Query(5, _of_other(queries.read_2)),
    3: Query(4, _shortest),
    5: Query(5, _of_other(queries.read_5)),
    6: Query(7, _of_account(queries.read_6)),
    8: Query(6, _of_other(queries.read_8)),
}

"""A tally as series over the worlds: figures with their intervals, per column, and what they are beyond another's."""

from collections.abc import Mapping, Sequence

import numpy as np

from cleanroom.evaluation.intervals import Draws
from cleanroom.evaluation.tally import (
    ACCOUNTS,
    CONTROLLED,
    HOURS,
    INNOCENT_HOURS,
    INNOCENTS,
    MONEY,
    Columns,
    Tally,
)

# Published name -> figure of the tally, what one unit of it is worth, and its digits.
EXTRA = {"money_twd": (MONEY, 0.01, 2), "accounts": (ACCOUNTS, 1, 0)}
_PRICE = {
    "accounts_controlled_not_listed": (CONTROLLED, 1, 0),
    "freeze_hours": (HOURS, 1, 1),
    "innocent_accounts": (INNOCENTS, 1, 0),
    "innocent_freeze_hours": (INNOCENT_HOURS, 1, 1),
}
Series = dict[str, list | None]
Ends = tuple[np.ndarray, np.ndarray] | None


def series(columns: Columns, draws: Draws, one: Tally, alone: Tally) -> list[Series]:
    """Per column; every list has one entry per world, `<figure>_interval` holds [low, high], or is None where there are
    too few families of cases. `extra_`: beyond `alone`. Money in TWD. A figure that is not known is None."""
    rows: list[Series] = [{} for _ in columns.names]

    def put(name: str, by_case: np.ndarray, digits: int) -> None:
        _put(rows, name, by_case.sum(axis=0), draws.interval(by_case, columns.of_case), digits)

    for name, (figure, worth, digits) in EXTRA.items():
        put(name, one[figure] * worth, digits)
        put(f"extra_{name}", (one[figure] - alone[figure]) * worth, digits)
    for name, (figure, worth, digits) in _PRICE.items():
        if figure in one:
            put(name, one[figure] * worth, digits)
        else:
            for row in rows:
                row[name] = row[f"{name}_interval"] = None
    return rows


def at_world(found: Series, place: int) -> dict:
    """The figures of one world."""
    return {name: None if values is None else values[place] for name, values in found.items()}


def _put(rows: list[Series], name: str, total: np.ndarray, intervals: Sequence[Ends], digits: int) -> None:
    for column, (row, ends) in enumerate(zip(rows, intervals, strict=True)):
        row[name] = _rounded(total[:, column], digits)
        rounded = ends and [_rounded(end, digits) for end in ends]
        row[f"{name}_interval"] = rounded and [list(pair) for pair in zip(*rounded, strict=True)]


def _rounded(values: np.ndarray, digits: int) -> list:
    rounded = np.round(values, digits) + 0.0  # no minus zero
    return rounded.astype(np.int64).tolist() if digits == 0 else rounded.tolist()


def shown_series(columns: Columns, draws: Draws, tallies: Mapping[str, Tally], alone: Tally) -> dict[str, list[Series]]:
    """Per measure its series, one per column."""
    return {str(name): series(columns, draws, one, alone) for name, one in tallies.items()}

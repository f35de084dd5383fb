"""A tally as series over the worlds: figures with their intervals, per column, and what they are beyond another's."""

from collections.abc import Mapping

import numpy as np

from cleanroom.evaluation.intervals import Draws, rounded
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


def series(columns: Columns, draws: Draws, one: Tally, alone: Tally | None) -> list[Series]:
    """Per column; every list has one entry per world, `<figure>_interval` holds [low, high], or is None where there are
    too few families of cases (docs/blocked.md), its entry where every redraw gives the same. `extra_`: beyond `alone`;
    None where `one` is that itself. Money in TWD. A figure that is not known is None."""
    rows: list[Series] = [{} for _ in columns.names]

    def put(name: str, by_case: np.ndarray | None, digits: int) -> None:
        values = intervals = [None] * len(rows)
        if by_case is not None:
            values = rounded(by_case.sum(axis=0).T, digits)
            intervals = draws.interval(by_case, columns.of_case, digits)
        for row, value, interval in zip(rows, values, intervals, strict=True):
            row |= {name: value, f"{name}_interval": interval}

    for name, (figure, worth, digits) in EXTRA.items():
        put(name, one[figure] * worth, digits)
        put(f"extra_{name}", None if alone is None else (one[figure] - alone[figure]) * worth, digits)
    for name, (figure, worth, digits) in _PRICE.items():
        put(name, one[figure] * worth if figure in one else None, digits)
    return rows


def at_world(found: Series, place: int) -> dict:
    """The figures of one world."""
    return {name: None if values is None else values[place] for name, values in found.items()}


def shown_series(columns: Columns, draws: Draws, tallies: Mapping[str, Tally], alone: Tally) -> dict[str, list[Series]]:
    """Per measure its series, one per column; `alone`, where it is one of them, has nothing beyond itself."""
    return {str(name): series(columns, draws, one, None if one is alone else alone) for name, one in tallies.items()}

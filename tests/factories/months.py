"""The same business in another month: a period of events can land once."""

from tests.factories.clean_room import ClearData

_DAYS = {4: 30, 5: 31, 6: 30, 7: 31}


def in_month(data: ClearData, month: int, *, datasets: tuple[str, ...] = ("transfers",)) -> None:
    """Move the rows of an institution's April, and what it declares, to `month` of the same year, and write them."""
    data.rows = {name: [_moved(row, month) for row in data.rows[name]] for name in datasets}
    data.declaration["period"] = {"from": f"2025-{month:02d}-01", "to": f"2025-{month:02d}-{_DAYS[month]}"}
    data.write()


def _moved(row: list[str], month: int) -> list[str]:
    return [
        value.replace("2025-04-", f"2025-{month:02d}-").replace("114/04/", f"114/{month:02d}/") if value else value
        for value in row
    ]

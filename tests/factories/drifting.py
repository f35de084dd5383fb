"""Months of transfers of one institution, alike but for what a test changes: what drift is seen in."""

from pathlib import Path

from tests.factories.clean_room import HEADERS, CleanRoom
from tests.factories.reports import only

CODE = "822"
_CHANNEL = HEADERS["transfers"].index("channel")


def write_month(room: CleanRoom, number: int, *, rows: int = 40, channel: str = "online") -> Path:
    """The folder of clear files of the month `number` of 2025, with nothing but transfers."""
    data = room.data[CODE]
    model = data.rows["transfers"][0]
    data.declaration = {"period": {"from": f"2025-{number:02d}-01", "to": f"2025-{number:02d}-28"}}
    return only(room, CODE, "transfers", *[_row(model, number, n, channel) for n in range(rows)]).parent


def _row(model: list[str], month: int, number: int, channel: str) -> list[str]:
    row = [
        f"822-{month:02d}-{number:04d}",
        f"C{month:02d}{number:06d}",
        f"2025-{month:02d}-05T09:00:00+08:00",
        *model[3:],
    ]
    row[_CHANNEL] = channel
    return row

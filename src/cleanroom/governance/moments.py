"""How people here read a moment; machines get ISO times in UTC."""

from datetime import datetime
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")


def moment(at: datetime | None) -> str:
    """Taipei time, to the second, with its offset; nothing for None."""
    return "" if at is None else f"{at.astimezone(TAIPEI):%Y-%m-%d %H:%M:%S} +08:00"

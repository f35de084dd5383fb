"""Money flows as drawings, so that a test shows its graph:

    draw('''
        W -> A  09:00
        A -> B  day 2 10:30   $250  reversed
    ''')

One transfer a line: sender, receiver, time of day (UTC) on day 1 unless a day is named, dollars ($1 unless named).
Transfers are called t1, t2 and so on in order of lines, unless a line begins with a name and a colon.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cleanroom.moneyflow.reference import Transfer

DAY_1 = datetime(2025, 6, 1, tzinfo=UTC)
_LINE = re.compile(
    r"(?:(?P<name>\w+):\s*)?(?P<sender>\w+)\s*->\s*(?P<receiver>\w+)\s+(?P<time>(?:day -?\d+ )?[\d:]+)"
    r"(?:\s+\$(?P<dollars>\d+(?:\.\d\d)?))?(?P<reversed>\s+reversed)?"
)
_TIME = re.compile(r"(?:day (?P<day>-?\d+) )?(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?")


@dataclass(frozen=True)
class Flow:
    transfers: tuple[Transfer, ...]
    reversed_ids: frozenset[str] = frozenset()

    def carried(self) -> list[Transfer]:
        """Transfers that moved money."""
        return [t for t in self.transfers if t.transfer_id not in self.reversed_ids]


def draw(text: str) -> Flow:
    lines = lines_of(text)
    assert lines, "nothing is drawn"
    found = [_LINE.fullmatch(line) for line in lines]
    assert all(found), f"not a drawing: {lines[found.index(None)]}"
    names = [match["name"] or f"t{place}" for place, match in enumerate(found, 1)]
    transfers = [
        Transfer(name, at(match["time"]), match["sender"], match["receiver"], cents(match["dollars"] or "1"))
        for name, match in zip(names, found, strict=True)
    ]
    return Flow(
        tuple(transfers),
        frozenset(name for name, match in zip(names, found, strict=True) if match["reversed"]),
    )


def lines_of(text: str) -> list[str]:
    """Without indentation and empty lines."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def at(text: str) -> datetime:
    """`09:00`, `09:00:30` or `day 3 09:00`; day 1 is 2025-06-01, day 0 the day before, UTC."""
    match = _TIME.fullmatch(text)
    assert match, f"not a time: {text}"
    days = int(match["day"] or 1) - 1
    return DAY_1 + timedelta(
        days=days, hours=int(match["hour"]), minutes=int(match["minute"]), seconds=int(match["second"] or 0)
    )


def cents(dollars: str) -> int:
    """`250` or `0.07`."""
    whole, _, part = dollars.partition(".")
    return int(whole) * 100 + int(part or 0)


def dollars(amount_cents: int) -> str:
    """The inverse of `cents`, with its sign."""
    whole, part = divmod(amount_cents, 100)
    return f"${whole}.{part:02}" if part else f"${whole}"


def clock(moment: datetime) -> str:
    """The inverse of `at`, without a needless day or seconds."""
    days = (moment - DAY_1).days + 1
    text = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return text if days == 1 else f"day {days} {text}"

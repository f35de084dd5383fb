"""Models that ran in the shadow, as the Results page shows them: totals over all institutions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ShadowLine:
    """One release. `listed_later`, `in_pattern`: precision, None where unknown. Figures beyond each bank alone; money
    in TWD. `price`: innocent accounts more, or where no truth is known accounts that were never listed.
    `interval`: None of too few families of cases, and where every redraw gives the same."""

    release_id: str
    runs: int
    notices: int
    listed_later: float | None
    in_pattern: float | None
    extra_money_twd: float
    interval: tuple[float, float] | None
    extra_accounts: int
    price: int


def shadow_lines(body: Mapping[str, Any]) -> list[ShadowLine]:
    return [_line(release_id, found) for release_id, found in (body.get("releases") or {}).items()]


def _line(release_id: str, found: Mapping[str, Any]) -> ShadowLine:
    before, after, right = found["alone"], found["with_notices"], found["right"]
    interval = after["extra_money_twd_interval"]
    price = "innocent_accounts" if after["innocent_accounts"] is not None else "accounts_controlled_not_listed"
    return ShadowLine(
        release_id=release_id,
        runs=len(found["runs"]),
        notices=found["notices"],
        listed_later=(right["listed_later"] or {}).get("precision"),
        in_pattern=(right["in_pattern"] or {}).get("precision"),
        extra_money_twd=after["extra_money_twd"],
        interval=interval and tuple(interval),
        extra_accounts=after["extra_accounts"],
        price=after[price] - before[price],
    )

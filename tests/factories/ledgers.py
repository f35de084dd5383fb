"""Money flows with amounts, as drawings: `V808 -> W822  day 2 09:00  100`. An account's last three digits are its
institution; amounts are whole TWD."""

import re
from collections.abc import Sequence

import pyarrow as pa

from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.evaluation.ledger import Ledger, Listing, ledger_from
from tests.factories.drawing import at

_LINE = re.compile(r"(\w+)\s*->\s*(\w+)\s+((?:day -?\d+ )?[\d:]+)\s+(\d+)")


def draw_money(text: str) -> Ledger:
    found = [_LINE.fullmatch(line.strip()) for line in text.splitlines() if line.strip()]
    assert found and all(found), "not a drawing of money"
    return ledger_of([(m[1], m[2], at(m[3]), int(m[4]) * 100) for m in found])


def ledger_of(rows: Sequence[tuple]) -> Ledger:
    """Rows of (sender, receiver, time, cents), in the order in which ties are broken."""
    return ledger_from(
        pa.table(
            {
                "transfer_id": [f"t{n:06d}" for n in range(len(rows))],
                "executed_at": pa.array([r[2] for r in rows], UTC_TIMESTAMP),
                "sender_institution": pa.array([r[0][-3:] for r in rows], pa.string()),
                "sender_account_token": pa.array([r[0] for r in rows], pa.string()),
                "receiver_institution": pa.array([r[1][-3:] for r in rows], pa.string()),
                "receiver_account_token": pa.array([r[1] for r in rows], pa.string()),
                "amount_cents": pa.array([r[3] for r in rows], pa.int64()),
            }
        )
    )


def listed(ledger: Ledger, account: str, when: str, twd: int) -> Listing:
    institution = ledger.institutions.index(account[-3:])
    return Listing(ledger.index_of[account], institution, us(when), twd * 100)


def us(when: str) -> int:
    return round(at(when).timestamp() * 1_000_000)


def everyone(ledger: Ledger) -> frozenset[int]:
    return frozenset(range(len(ledger.institutions)))


def named(ledger: Ledger, by_account: dict[int, object]) -> dict[str, object]:
    return {ledger.tokens[a]: value for a, value in by_account.items()}

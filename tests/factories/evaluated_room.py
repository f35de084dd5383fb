"""Ledgers of a case through three banks, with money flow built and scores written: what dispatch and evaluation read.

The victim (808) pays the mule (822), who is watch-listed a day later; the money went on to a second mule (700) and to a
third (808) meanwhile.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from cleanroom.pipeline.dbt import run_dbt
from cleanroom.scoring.scores import SCORES
from cleanroom.scoring.scores import TABLE as SCORES_TABLE
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Warehouse
from cleanroom.stores.warehouse import open_warehouse
from tests.factories.landing import account_token, land_rows
from tests.factories.small_room import NINE, account, booking, listed
from tests.fakes.portal import MemoryPortal

PERIOD = (date(2025, 6, 1), date(2025, 6, 30))
RELEASE = "score-1"
VICTIM, FIRST, SECOND, THIRD, OTHER = "808100001", "822200001", "700300001", "808100002", "822200002"
CENTS = 2_000_000
STEPS = [
    (VICTIM, FIRST, 0, CENTS),
    (FIRST, SECOND, 20, CENTS),
    (SECOND, THIRD, 30, CENTS),
    (OTHER, VICTIM, 31, 5_000),
]  # (sender, receiver, hours after nine, cents)
LISTED_HOURS = 24
RANKING = (SECOND, THIRD, OTHER, VICTIM, FIRST)


@dataclass(frozen=True)
class EvaluatedRoom:
    settings: RoomSettings
    warehouse: Warehouse
    portal: MemoryPortal


def tok(number: str) -> str:
    return account_token(number[:3], number[3:])


def open_evaluated(home: Path, warehouse: str = "") -> EvaluatedRoom:
    settings = RoomSettings(home=home, warehouse=warehouse)
    room = EvaluatedRoom(settings, open_warehouse(settings), MemoryPortal())
    for code in ("700", "808", "822"):
        _land(room.warehouse, code)
    run_dbt(room, "run", ("staging", "intermediate.moneyflow"))
    scored = scores(room)
    room.warehouse.replace_rows(SCORES_TABLE, scored)
    room.warehouse.replace_rows("scoring.account_features", resting(scored))
    return room


def _land(warehouse: Warehouse, code: str) -> None:
    moved = [(n, s) for n, s in enumerate(STEPS) if code in (s[0][:3], s[1][:3])]
    rows = [booking(f"{code}-{n}", s[0], s[1], NINE + timedelta(hours=s[2]), ref=f"c{n}", cents=s[3]) for n, s in moved]
    own = sorted(a[3:] for a in RANKING if a[:3] == code)
    land_rows(warehouse, code, "transfers", rows, period=PERIOD)
    land_rows(warehouse, code, "accounts", [account(a) for a in own], period=PERIOD)
    if code == FIRST[:3]:
        event = listed(FIRST[3:], NINE + timedelta(hours=LISTED_HOURS), reported_loss_twd=str(CENTS // 100))
        land_rows(warehouse, code, "list_events", [event], period=PERIOD)


def scores(room: EvaluatedRoom) -> pa.Table:
    """Released scores of all accounts at the latest cut-off, in the order of RANKING."""
    cut_off = room.warehouse.query("select as_of from moneyflow.int_moneyflow__as_of where is_latest")
    as_of = cut_off["as_of"][0].as_py()
    rows = [
        {"release_id": RELEASE, "as_of": as_of, "account_token": tok(a), "institution": a[:3], "score": 0.9 - n / 10,
         "rank": n + 1, "baseline_score": n / 10, "reasons": '["tainted_money"]', "mode": "released"}
        for n, a in enumerate(RANKING)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCORES)


def resting(scored: pa.Table) -> pa.Table:
    """What dispatch reads of the features: all that came in last rests on THIRD."""
    cents = [CENTS if token == tok(THIRD) else 0 for token in scored["account_token"].to_pylist()]
    return scored.select(["as_of", "account_token"]).append_column("resting_cents", pa.array(cents, pa.int64()))

"""The feature tables follow the money flow: built anew where what they are made of has changed, and only then.

Every scoring run asks for them, so that a day's scores and a day in the shadow stand on that day's data.
"""

from typing import TYPE_CHECKING

import pyarrow as pa

from cleanroom.contracts.canonical import digest_of
from cleanroom.pipeline.dbt import models_code, run_dbt
from cleanroom.pipeline.history import HORIZON, data_snapshot

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

SELECTION = ("intermediate.scoring", "marts.scoring")
_FEATURES, _BUILT = "scoring.account_features", "scoring.features_built"
_DAYS = """
select kind, clock, fingerprint from moneyflow.int_moneyflow__inputs
where not is_former and kind in ('rule', 'day') order by kind, clock, fingerprint
"""
_CUT_OFFS = "select as_of from moneyflow.int_moneyflow__as_of order by as_of"


def build_features(room: "Room") -> bool:
    """Bring the feature tables up to the money flow; False where they stood there already.

    Raises DataTestsFailed or WarehouseFault from dbt.
    """
    made_of = _made_of(room)
    if _built_of(room) == made_of:
        return False
    run_dbt(
        room,
        "build",
        SELECTION,
        {"scoring_horizon_days": HORIZON.days},
        options=("--exclude-resource-type", "unit_test"),  # they prove the SQL, not these rows
    )
    room.warehouse.replace_rows(_BUILT, pa.table({"made_of": [made_of]}))
    return True


def _made_of(room: "Room") -> str:
    """Digest over which submissions lie there, every day of the money flow as it was built, the cut-offs, the code."""
    days = [list(row.values()) for row in room.warehouse.query(_DAYS).to_pylist()]
    cut_offs = [moment.isoformat() for moment in room.warehouse.query(_CUT_OFFS)["as_of"].to_pylist()]
    return digest_of([data_snapshot(room), days, cut_offs, models_code()])


def _built_of(room: "Room") -> str | None:
    if not (room.warehouse.table_exists(_FEATURES) and room.warehouse.table_exists(_BUILT)):
        return None
    return next(iter(room.warehouse.query(f"select made_of from {_BUILT}")["made_of"].to_pylist()), None)

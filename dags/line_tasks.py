"""What every task of the line shares: how often it is tried, what is never tried again, and which run it belongs to."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

# A fault (store, portal, network) passes: try again. A refusal is a decision: see `refusals_fail`.
DEFAULTS = {
    "owner": "cleanroom",
    "retries": 4,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
}

# The embedded warehouse is one file that one process may open: tasks that open it take the pool's only slot.
WAREHOUSE_POOL = "warehouse"


def refusals_fail(function: Callable) -> Callable:
    """A refusal fails the task at once, with the sentence a person acts on; a fault is left to the retries."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        from cleanroom.errors import Refusal

        try:
            return function(*args, **kwargs)
        except Refusal as refusal:
            raise AirflowFailException(f"{refusal.reason}: {refusal}") from None

    return call


def room_settings():
    from cleanroom.settings import RoomSettings

    return RoomSettings.from_environment()


def line_run_id() -> str:
    """The run this task belongs to: `conf.run_id` where somebody started the line as a whole, else the day's own."""
    run = get_current_context()["dag_run"]
    named = (run.conf or {}).get("run_id")
    return named or run.run_after.strftime("run-%Y%m%d")


def as_xcom(run) -> dict[str, Any]:
    """What of a station's run the next task and the grid view may see: counts, never rows."""
    return {"station": run.station, "step": run.step, "seconds": run.seconds, "rows": run.rows, **run.detail}

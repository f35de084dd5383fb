"""`cleanroom blocked`: the programme's question asked of a built room, or of a plain folder of data, beside the line.

Nothing is published: what is asked here is for the person who asks. The line's own answer is `pipeline.evaluation`.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cleanroom.contracts.messages import ResultPublication
from cleanroom.errors import NothingToDo
from cleanroom.evaluation.detection import Truth
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.scenarios import Case
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.evaluation import blocked_result, read_case
from cleanroom.pipeline.rehearsal.clear_landing import land, read_institution
from cleanroom.pipeline.rehearsal.consortium import find_consortium
from cleanroom.pipeline.rehearsal.detecting import truth_by_token
from cleanroom.pipeline.steps import new_run_id
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Warehouse
from cleanroom.stores.warehouse import open_warehouse
from cleanroom.vocabulary.both import Both

Say = Callable[[Both], None]
LEDGER = ("+followed_transfers", "+reported_losses", "+int_accounts__known")


@dataclass(frozen=True)
class Bench:
    """As much of a room as dbt and the evaluation need. `truth`: account token -> its patterns, where known. `room`:
    where a released model is looked for; for a folder's data, the room of the environment."""

    settings: RoomSettings
    warehouse: Warehouse
    truth: Truth | None
    room: RoomSettings


@contextmanager
def room_bench(settings: RoomSettings) -> Iterator[Bench]:
    """A room that has landed data. Raises NothingToDo where there is no warehouse."""
    if not settings.warehouse and not settings.warehouse_file.exists():
        raise NothingToDo(
            "there is no built room here; CLEANROOM_HOME says where it is, --data asks a folder of files",
            zh="此處無已建立之無塵室；請以 CLEANROOM_HOME 指定其位置，或以 --data 指定資料夾",
        )
    warehouse = open_warehouse(settings)
    truth = json.loads(settings.truth_file.read_text()) if settings.truth_file.exists() else None
    try:
        yield Bench(settings, warehouse, truth, settings)
    finally:
        warehouse.close()


@contextmanager
def folder_bench(data: Path, truth: Path | None, *, delay_hours: float, say: Say) -> Iterator[Bench]:
    """A folder in the data specification's form, landed in a warehouse that goes away again. `truth`: a CSV file; by
    default the folder's own, where it has one."""
    consortium = find_consortium(data)
    found = truth or consortium.truth
    known = truth_by_token(found) if found else None  # refused now, not after everything was read
    with tempfile.TemporaryDirectory(prefix="cleanroom-blocked-") as scratch:
        settings = RoomSettings(home=Path(scratch), notice_delay_hours=delay_hours)
        warehouse = open_warehouse(settings)
        try:
            for one in consortium.institutions:
                say(Both(f"read {one.code}", f"讀取 {one.code}"))
                land(warehouse, read_institution(one))
            yield Bench(settings, warehouse, known, RoomSettings.from_environment())
        finally:
            warehouse.close()


def ask_blocked(bench: Bench, *, say: Say) -> ResultPublication:
    """The answer as it would be published. Raises NothingToDo, DataTestsFailed, WarehouseFault."""
    rules = EvaluationRules(notice_delay_hours=bench.settings.notice_delay_hours)
    case = joined_case(bench, LEDGER, rules, say=say)
    say(Both("scenarios, delays, intervals", "計算各情境、延遲與區間"))
    body = blocked_result(case, rules, bench.truth)
    return ResultPublication(run_id=new_run_id(), kind="blocked", computed_at=datetime.now(UTC), body=body)


def joined_case(bench: Bench, selection: Sequence[str], rules: EvaluationRules, *, say: Say) -> Case:
    """The case, from dbt's models of `selection`. Raises NothingToDo where no transfer moved money: the ledger then
    knows neither institution nor listing, and zeros would be told of data that say nothing."""
    say(Both("joined ledger", "合併各機構帳冊"))
    run_dbt(bench, "run", selection)
    case = read_case(bench.warehouse, rules)
    if not len(case.ledger):
        raise NothingToDo(
            "no transfer was found, so there is no money to follow; look at the institutions' transfers: they hold no "
            "row, or reversed transfers and sums of zero alone",
            zh="查無任何交易，無金流可追蹤；請檢視各機構之交易檔：檔內無資料列，或僅有已沖正或金額為零之交易",
        )
    return case

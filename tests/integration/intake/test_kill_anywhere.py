"""Kill take-in at twenty random points of a run that replaces, withdraws and lands; run it again: the same end.

Every call that makes something durable counts as a point, before it and after it. Which twenty is drawn from a seed.
"""

import random
import shutil
from datetime import UTC, datetime

import pytest

from cleanroom.contracts.messages import SubmissionOrder
from cleanroom.pipeline import sealing
from cleanroom.stores import audit_file
from cleanroom.vocabulary.terms import Dataset
from tests.factories.attacks import Attack, Side, attack
from tests.factories.clean_room import CleanRoom
from tests.factories.killing import KILLED, KeptPortal, counted, killed_at_any
from tests.factories.months import in_month
from tests.factories.tampering import Waiting

pytestmark = pytest.mark.slow

POINTS = (
    "cleanroom.stores.objects_local:os.link",
    "cleanroom.stores.objects_local:LocalObjectStore.destroy",
    "cleanroom.stores.objects_local:LocalObjectStore.download",
    "cleanroom.contracts.whole_files:os.replace",
    "cleanroom.stores.audit_file:os.fsync",
    "cleanroom.stores.warehouse_duckdb:_insert",
    "cleanroom.stores.warehouse_duckdb:DuckDbWarehouse.land",
    "cleanroom.stores.warehouse_duckdb:DuckDbWarehouse.withdraw",
    "cleanroom.intake.opening:open_part",
    "tests.factories.killing:KeptPortal.report_upload",
    "tests.factories.killing:KeptPortal.record_event",
)
KILLS = 20


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """April and May landed; then waiting: a better May, an order to withdraw April, and June."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    home.mkdir()
    room = CleanRoom.make(home, portal=KeptPortal.at(home / "portal.pickle"))
    data = room.data["808"]
    for month in (4, 5):
        in_month(data, month) if month == 4 else _next(data, month)
        room.seal("808")
        room.take_in("808")
    _next(data, 5)
    data.rows["transfers"][0][7] = "77.00"
    data.write()
    settings = room.participant("808")
    sealing.seal_and_upload(settings, portal=room.portal, objects=room.objects, supersede=[Dataset.TRANSFERS])
    _next(data, 6)
    room.seal("808")
    april = Waiting(room, "808", "transfers", 1).signed.manifest.submission_id
    room.portal.ordered.append(_withdrawal(april))
    room.portal.keep()
    return home


def _next(data, month):
    fresh = type(data)(data.code, data.folder)
    in_month(fresh, month)
    data.rows, data.declaration = fresh.rows, fresh.declaration


def _withdrawal(submission_id):
    return SubmissionOrder(
        order_id="order-1",
        kind="withdraw",
        submission_id=submission_id,
        participant="808",
        dataset="transfers",
        sequence=1,
        reason="sent by mistake",
        ordered_by="steward",
        approved_by="custodian",
        approved_at=datetime.now(UTC),
    )


def opened(home):
    return CleanRoom(home, KeptPortal.at(home / "portal.pickle"))


def end_state(room):
    with room.opened() as at:
        sql = "select sequence, state, rows, supersedes is null as first from landing.submissions order by 1"
        ledger = at.warehouse.query(sql).to_pylist()
        landed = "landing.transfers inner join landing.submissions using (submission_id)"
        amounts = at.warehouse.query(f"select sequence, amount_cents from {landed} order by 1, 2").to_pylist()
    audit_file.verify(room.settings.audit_file)
    ends = ("submission.accepted", "submission.superseded", "submission.withdrawn")
    return {
        "ledger": ledger,
        "amounts": amounts,
        "keys": room.names("keys/"),
        "receipts": room.names("receipts/"),
        "inbox": room.names("inbox/"),
        "reports": sorted((r.sequence, r.state) for r in room.portal.uploads("808")),
        "events": sorted((e.verb, e.detail["place"]) for e in room.room_events() if e.verb in ends),
        "orders": room.portal.orders("808"),
        "left": sorted(p.name for p in room.settings.scratch_dir.rglob("*") if p.is_file()),
    }


@attack(
    Attack(
        "intake killed at 20 random points",
        Side.INTAKE,
        "the intake is killed where something has just been, or is about to be, made durable, and run again",
        "於任一持久化動作前後強制終止收件，再重新執行（隨機二十處）",
        outcome="the same end as without a kill",
        outcome_zh="結果與未中斷時相同",
    )
)
def test_killed_at_twenty_random_points_and_run_again(case, prepared, tmp_path):
    calm = tmp_path / "calm"
    shutil.copytree(prepared, calm)
    points = counted(POINTS, lambda: opened(calm).take_in("808"))
    assert points > 2 * KILLS, "there are too few points for twenty to be a choice"
    undisturbed = end_state(opened(calm))
    assert [(row["sequence"], row["state"]) for row in undisturbed["ledger"]] == [
        (1, "withdrawn"),
        (2, "superseded"),
        (3, "accepted"),
        (4, "accepted"),
    ]
    assert (len(undisturbed["amounts"]), len(undisturbed["keys"])) == (6, 2)
    for kill in sorted(random.Random(2025).sample(range(2 * points), KILLS)):
        home = tmp_path / f"kill-{kill}"
        shutil.copytree(prepared, home)
        call, when = kill // 2 + 1, ("before", "after")[kill % 2]
        assert killed_at_any(POINTS, lambda: opened(home).take_in("808"), call=call, when=when) == KILLED  # noqa: B023
        room = opened(home)
        room.take_in("808")
        assert end_state(room) == undisturbed, f"killed {when} call {call}"
        shutil.rmtree(home)
    case.held()

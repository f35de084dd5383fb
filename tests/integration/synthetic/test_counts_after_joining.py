"""The warehouse finds in the made-up files what their maker says is in them: two programs that share no code."""

from types import SimpleNamespace

import pytest

from cleanroom.pipeline import moneyflow
from cleanroom.settings import RoomSettings
from cleanroom.stores.warehouse import open_warehouse
from cleanroom.synthetic.consortium import write
from tests.factories.landing import land_folder


@pytest.mark.slow
def test_both_legs_join_into_the_transfers_that_were_made(tmp_path):
    made = write(tmp_path / "made", seed=3, size="small")
    settings = RoomSettings(home=tmp_path)
    room = SimpleNamespace(
        settings=settings,
        warehouse=open_warehouse(settings),
        portal=SimpleNamespace(publish_result=lambda result: None),
    )
    try:
        land_folder(room.warehouse, made.folder)
        found = moneyflow.build(room).detail
    finally:
        room.warehouse.close()
    assert found["transfers"] == made.counts["transfers"]
    assert found["rows_landed"] == made.counts["rows"]
    assert found["watch_listed"] == made.counts["watch_listed"]
    assert found["legs_disagreeing"] == made.counts["other_amount"]
    assert found["legs_unmatched"] - found["legs_not_expected"] == made.counts["one_leg"]

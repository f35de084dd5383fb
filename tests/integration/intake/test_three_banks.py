"""The real folder, where it is present: every row of three institutions, in three formats, sealed and landed."""

from pathlib import Path

import pytest

from cleanroom.pipeline import intake, keys, sealing
from cleanroom.pipeline.room import Room
from cleanroom.settings import ParticipantSettings, RoomSettings
from cleanroom.stores.objects import open_object_store
from cleanroom.stores.warehouse import open_warehouse
from tests.fakes.portal import MemoryPortal

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "three_banks"
CODES = ("808", "822", "700")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/three_banks is not here")]


@pytest.fixture(scope="module")
def landed(tmp_path_factory):
    home = tmp_path_factory.mktemp("three_banks")
    settings = RoomSettings(home=home)
    portal, ring = MemoryPortal(), keys.init_room_keys(settings.keys, demo=True)
    objects = open_object_store("", settings.objects_dir)
    sides = [ParticipantSettings(code, home / "institutions" / code, DATA / code) for code in CODES]
    for side in sides:
        portal.invite(_with_keys(side, sides[0]), ring)
    sealed = [sealing.seal_and_upload(side, portal=portal, objects=objects) for side in sides]
    warehouse = open_warehouse(settings)
    room = Room(settings=settings, objects=objects, warehouse=warehouse, portal=portal, keys=ring)
    taken = [intake.take_in(room, participant=code) for code in CODES]
    yield room, sealed, taken
    warehouse.close()


def _with_keys(side, founder):
    if side is founder:
        return keys.init_participant_keys(side.keys, institution=side.institution, demo=True)
    ring = keys.prepare_participant_keys(side.keys, institution=side.institution, demo=True)
    share = side.home / "share"
    share.write_bytes(keys.export_k1(founder.keys, ring.recipient))
    return keys.init_participant_keys(side.keys, institution=side.institution, demo=True, k1_from=share)


def test_every_row_lands(landed):
    room, sealed, taken = landed
    assert [r.detail["transfers_rows"] for r in sealed] == [83_968, 57_649, 39_149]
    assert [r.rows for r in sealed] == [r.rows for r in taken]
    counts = {
        name: room.warehouse.query(f"select count(*) as n from landing.{name}")["n"][0].as_py()
        for name in ("transfers", "accounts", "list_events")
    }
    assert counts == {"transfers": 180_766, "accounts": 10_000, "list_events": 61}


def test_both_legs_of_a_transfer_have_the_same_tokens(landed):
    room, *_ = landed
    legs = room.warehouse.query(
        """
        select count(*) as transfers, sum(case when n = 2 then 1 else 0 end) as twice, max(variants) as variants
        from (
            select clearing_ref, count(*) as n,
                count(distinct concat(sender_account_token, receiver_account_token, cast(executed_at as varchar),
                    cast(amount_cents as varchar))) as variants
            from landing.transfers where clearing_ref is not null group by clearing_ref
        ) as pairs
        """
    ).to_pylist()[0]
    assert legs["twice"] == 180_766 - 111_377
    assert legs["variants"] == 1

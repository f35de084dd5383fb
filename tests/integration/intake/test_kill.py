"""Kill sealing, upload and take-in at named points, run again: the same final state as a run that nobody killed."""

import re

import pytest

from cleanroom.errors import ContentTampered
from cleanroom.stores import audit_file
from tests.factories.clean_room import CleanRoom
from tests.factories.killing import KILLED, KeptPortal, killed_at
from tests.factories.tampering import Waiting

pytestmark = pytest.mark.slow

SEALING = [
    ("cleanroom.pipeline.sealing.submitting:check_file", 2, "after"),
    ("cleanroom.sealing.submission:write_whole", 1, "before"),
    ("cleanroom.sealing.submission:write_whole", 1, "after"),
    ("cleanroom.sealing.submission:write_whole", 2, "after"),
    ("cleanroom.sealing.outbox:os.rename", 2, "before"),
    ("cleanroom.sealing.outbox:os.rename", 1, "after"),
    ("cleanroom.contracts.whole_files:os.replace", 3, "before"),
    ("cleanroom.stores.objects_local:os.link", 1, "before"),
    ("cleanroom.stores.objects_local:os.link", 1, "after"),
    ("cleanroom.stores.objects_local:LocalObjectStore.put_file", 4, "after"),
    ("cleanroom.sealing.outbox:Sealed.mark_uploaded", 1, "before"),
    ("cleanroom.stores.audit_file:AuditFile.append", 1, "before"),
]
INTAKE = [
    ("cleanroom.intake.opening:open_part", 1, "before"),
    ("cleanroom.intake.opening:open_part", 2, "after"),
    ("cleanroom.stores.warehouse_duckdb:DuckDbWarehouse.land", 1, "before"),
    ("cleanroom.stores.warehouse_duckdb:_insert", 2, "after"),
    ("cleanroom.stores.warehouse_duckdb:DuckDbWarehouse.land", 2, "after"),
    ("cleanroom.stores.audit_file:os.fsync", 1, "before"),
    ("cleanroom.stores.audit_file:AuditFile.append", 2, "after"),
    ("tests.factories.killing:KeptPortal.report_upload", 1, "before"),
    ("tests.factories.killing:KeptPortal.report_upload", 2, "after"),
    ("cleanroom.stores.objects_local:LocalObjectStore.put_bytes", 1, "before"),
    ("cleanroom.stores.objects_local:LocalObjectStore.put_bytes", 3, "after"),
]


@pytest.fixture
def clean_room(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    room = CleanRoom.make(home, portal=KeptPortal.at(home / "portal.pickle"))
    room.portal.keep()
    return room


def again(room):
    """The same room, as a new process finds it."""
    return CleanRoom(room.home, KeptPortal.at(room.portal.path))


def final_state(room):
    """Everything that must not depend on a kill. Times, and names drawn at random, are left out."""
    with room.opened() as opened:
        ledger = opened.warehouse.query(
            "select participant, dataset, sequence, rows from landing.submissions order by 1, 2, 3"
        ).to_pylist()
        transfers = opened.warehouse.query(
            "select participant, row_number, sender_account_token, receiver_account_token, amount_cents"
            " from landing.transfers order by 1, 2"
        ).to_pylist()
    audit_file.verify(room.settings.audit_file)
    return {
        "ledger": ledger,
        "amounts": [(t["participant"], t["row_number"], t["amount_cents"]) for t in transfers],
        "landed": room.landed(),
        "objects": [_undrawn(name) for name in room.names("")],
        "reports": sorted((r.dataset, r.sequence, r.state, r.rows) for r in room.portal.uploads()),
        "accepted": sorted(
            e.detail["place"].rpartition("/")[0] for e in room.room_events() if e.verb == "submission.accepted"
        ),
        "left": sorted(p.name for p in room.settings.scratch_dir.rglob("*") if p.is_file()),
        "drafts": [p.name for p in room.participant("808").outbox_dir.glob("*/.*")],
    }


def _undrawn(name):
    """A submission is named after random bytes; what counts is that there is one, at its number."""
    return re.sub(r"/[0-9a-f]{16}(?=[./])", "/*", name)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    room = CleanRoom.make(tmp_path_factory.mktemp("undisturbed") / "home")
    room.seal("808")
    room.take_in("808")
    state = final_state(room)
    assert state["landed"]["landing.transfers"] == 3
    assert len(state["accepted"]) == 3
    return state


@pytest.mark.parametrize(("point", "call", "when"), SEALING)
def test_sealing_killed_and_run_again(clean_room, undisturbed, point, call, when):
    assert killed_at(point, lambda: clean_room.seal("808"), call=call, when=when) == KILLED
    room = again(clean_room)
    room.seal("808")
    room.take_in("808")
    assert final_state(room) == undisturbed


@pytest.mark.parametrize(("point", "call", "when"), INTAKE)
def test_take_in_killed_and_run_again(clean_room, undisturbed, point, call, when):
    clean_room.seal("808")
    assert killed_at(point, lambda: clean_room.take_in("808"), call=call, when=when) == KILLED
    room = again(clean_room)
    room.take_in("808")
    assert final_state(room) == undisturbed


@pytest.mark.parametrize(
    ("point", "call", "when"),
    [
        ("tests.factories.killing:KeptPortal.report_upload", 1, "after"),
        ("cleanroom.stores.objects_local:LocalObjectStore.put_bytes", 1, "before"),
        ("cleanroom.stores.objects_local:os.link", 1, "before"),
    ],
)
def test_a_refusal_that_was_killed_is_finished(clean_room, point, call, when):
    data = clean_room.data["808"]
    data.rows = {"transfers": data.rows["transfers"]}
    data.write()
    clean_room.seal("808")
    Waiting(clean_room, "808", "transfers").part.write_bytes(b"damaged")
    assert killed_at(point, lambda: clean_room.take_in("808"), call=call, when=when) == KILLED
    room = again(clean_room)
    with pytest.raises(ContentTampered):
        room.take_in("808")
    assert [n.rsplit("/", 1)[1] for n in room.names("inbox/")] == ["manifest.json", "part-00000.parquet.age"]
    assert [n.rsplit("/", 1)[1] for n in room.names("receipts/")] == ["refused.json"]
    assert set(room.landed().values()) == {0}
    [report] = room.portal.uploads("808")
    assert report.state == "refused"


def test_a_point_that_is_never_reached_kills_nobody(clean_room):
    """The guard of this file: a renamed function must not make its tests pass."""
    point = "cleanroom.stores.objects_local:LocalObjectStore.destroy"
    assert killed_at(point, lambda: clean_room.seal("808")) == 0

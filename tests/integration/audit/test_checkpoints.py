"""The room's checkpoints: signed, consistent, published, and never contradicted by the room itself."""

import itertools

import pytest

from cleanroom.contracts import merkle
from cleanroom.contracts.canonical import CHECKPOINT_DOMAIN
from cleanroom.contracts.checkpoints import AuditLog, leaf_of
from cleanroom.contracts.merkle import GrownTree
from cleanroom.crypto.signing import verify
from cleanroom.errors import AuditBroken, PortalFault
from cleanroom.pipeline import checkpoints
from cleanroom.stores import published
from cleanroom.stores.tiles import Tiles
from tests.factories.killing import KILLED, killed_at
from tests.factories.witnessed_room import WitnessedRoom, event

ROOM, PORTAL = AuditLog.ROOM, AuditLog.PORTAL


def test_nothing_to_vouch_for(room):
    assert room.publish() == {ROOM: 0, PORTAL: 0}
    assert list(room.objects.list("checkpoints/")) == []


def test_a_checkpoint_is_signed_and_its_root_is_that_of_the_log(room):
    room.happens(5)
    assert room.publish() == {ROOM: 5, PORTAL: 5}
    for log, hashes in ((ROOM, _hashes(room)), (PORTAL, room.portal_hashes())):
        signed = published.checkpoint(room.objects, log, 5)
        verify(room.ring.signing_public_key, CHECKPOINT_DOMAIN, signed.covered(), signed.signature)
        tree = GrownTree(leaf_of(h) for h in hashes)
        assert signed.checkpoint.root == merkle.root_of(tree, 5).hex()
        assert [s.signed for s in room.portal.checkpoints(log)] == [signed]
        assert checkpoints.kept(room.room, log).all() == [signed]


def test_each_continues_the_one_before(room):
    sizes = []
    for count in (1, 2, 300, 1):
        room.happens(count)
        sizes.append(room.publish()[ROOM])
    assert sizes == [1, 3, 303, 304]
    signed = [published.checkpoint(room.objects, ROOM, size).checkpoint for size in sizes]
    for first, later in itertools.pairwise(signed):
        path = merkle.consistency_proof(Tiles(room.objects, ROOM, later.size), first.size, later.size)
        roots = {"first_root": bytes.fromhex(first.root), "root": bytes.fromhex(later.root)}
        assert merkle.is_consistent(first=first.size, size=later.size, path=path, **roots)


def test_nothing_new_makes_no_checkpoint(room):
    room.happens(3)
    room.publish()
    before = [i.name for i in room.objects.list("checkpoints/")]
    room.publish()
    assert [i.name for i in room.objects.list("checkpoints/")] == before


def test_one_is_due_after_many_events_or_some_time(room, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY_EVENTS", 5)
    due = []
    for _ in range(12):
        room.happens()
        due.append(checkpoints.publish_if_due(room.room))
    assert [n for n, was in enumerate(due, 1) if was] == [5, 10]
    monkeypatch.setattr(checkpoints, "EVERY_SECONDS", 0.0)
    assert checkpoints.publish_if_due(room.room)
    assert not checkpoints.publish_if_due(room.room), "without new events there is nothing to vouch for"


def test_a_portal_that_does_not_answer_is_told_later(room):
    room.happens(2)
    room.portal.down = {"report_checkpoint"}
    with pytest.raises(PortalFault):
        room.publish()
    with checkpoints.published_after(room.room, needs_portal=False):
        pass
    room.portal.down = set()
    room.publish()
    assert [s.signed.checkpoint.size for s in room.portal.checkpoints(ROOM)] == [2]


POINTS = [
    ("cleanroom.stores.objects_local:LocalObjectStore.put_bytes", 1, "after"),
    ("cleanroom.stores.objects_local:LocalObjectStore.put_bytes", 2, "before"),
    ("cleanroom.stores.objects_local:LocalObjectStore.put_bytes", 2, "after"),
    ("cleanroom.stores.objects_local:LocalObjectStore.put_bytes", 3, "after"),
    ("cleanroom.stores.kept_checkpoints:KeptCheckpoints.append", 1, "before"),
    ("cleanroom.stores.kept_checkpoints:os.fsync", 1, "before"),
    ("cleanroom.stores.kept_checkpoints:KeptCheckpoints.append", 1, "after"),
    ("cleanroom.stores.kept_checkpoints:KeptCheckpoints.append", 2, "after"),
]


@pytest.mark.parametrize(("point", "call", "when"), POINTS)
def test_killed_and_run_again_there_is_one_history(witnessed, point, call, when):
    witnessed.happens(4)
    assert killed_at(point, witnessed.publish, call=call, when=when) == KILLED
    witnessed.happens(2)
    again = WitnessedRoom(witnessed.home, witnessed.portal)
    assert again.publish() == {ROOM: 15, PORTAL: 15}
    for code in ("808", "822"):
        assert again.witness(code).look() == {ROOM: 15, PORTAL: 15}


def test_a_torn_last_line_of_the_kept_ones_is_cut_off(witnessed):
    own = checkpoints.kept(witnessed.room, ROOM)
    whole = own.path.read_bytes()
    own.path.write_bytes(whole + whole[:50])
    witnessed.happens()
    witnessed.publish()
    assert [s.checkpoint.size for s in own.all()] == [4, 9, 10]


def test_kept_checkpoints_that_were_changed_are_an_alarm(witnessed):
    own = checkpoints.kept(witnessed.room, ROOM)
    own.path.write_bytes(own.path.read_bytes().replace(b'"size":9', b'"size":08'))
    with pytest.raises(AuditBroken, match="own checkpoints"):
        witnessed.publish()


def test_a_room_that_lost_its_disk_is_bound_by_what_it_published(witnessed):
    own = checkpoints.kept(witnessed.room, ROOM)
    own.path.unlink()
    witnessed.happens()
    assert witnessed.publish()[ROOM] == 10
    assert witnessed.witness("808").look()[ROOM] == 10
    own.path.unlink()
    witnessed.rewrite_log(lambda events: events[:-1])
    with pytest.raises(AuditBroken, match="tail was cut"):
        witnessed.publish()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda e: e[:8], "covers event 9, and the log ends before that event; its tail was cut"),
        (lambda e: [], "its tail was cut"),
        (lambda e: [e[0].replace(b"accepted", b"refused!"), *e[1:]], "another event stands there now"),
        (lambda e: [e[1], e[0], *e[2:], e[0]], "another event stands there now"),
    ],
)  # fmt: skip
def test_the_room_signs_nothing_that_contradicts_what_it_signed(witnessed, change, what):
    witnessed.rewrite_log(change)
    with pytest.raises(AuditBroken, match=what):
        witnessed.publish()
    assert [s.checkpoint.size for s in checkpoints.kept(witnessed.room, ROOM).all()] == [4, 9]


def test_the_room_is_the_portals_first_witness(witnessed):
    whole = list(witnessed.portal.events)
    for events, what in (
        (whole[:-1], "the log ends before that event"),
        ([event(77), *whole[1:]], "another event stands there now"),
        ([*whole[:3], *whole[4:], event(78)], "another event stands there now"),
    ):
        witnessed.portal.events = events
        with pytest.raises(AuditBroken, match=what) as caught:
            witnessed.publish()
        assert caught.value.where.file == "portal-log" and caught.value.exit_code == 32
    witnessed.portal.events = [*whole, event(79)]
    assert witnessed.publish()[PORTAL] == 10


def test_tiles_that_were_changed_are_an_alarm(witnessed):
    for tile in (witnessed.home / "objects" / "checkpoints" / "room" / "tiles" / "room-log").rglob("*-9"):
        tile.write_bytes(bytes([tile.read_bytes()[0] ^ 1]) + tile.read_bytes()[1:])
    witnessed.happens()
    with pytest.raises(AuditBroken, match="does not give the root"):
        witnessed.publish()


def _hashes(room):
    from cleanroom.contracts.audit_chain import parse_line

    return [parse_line(raw).hash for raw in room.log.lines()]

"""A whole log, verified as an outsider: what the chain cannot show, checkpoints and cosignatures do."""

import pytest

from cleanroom.contracts.checkpoints import AuditLog, checkpoint_name
from cleanroom.errors import AuditBroken, NotFound, SignatureRefused
from cleanroom.pipeline import audit_verifying
from tests.integration.audit.test_witness import REWRITES

ROOM = AuditLog.ROOM


def verify(room, **named):
    keys = {code: [ring.signing_public_key] for code, ring in room.rings.items()}
    options = {
        "objects": room.objects,
        "room_keys": [room.ring.signing_public_key],
        "participant_keys": keys,
        **named,
    }
    return audit_verifying.verify(room.log.path, **options)


def test_an_honest_log(witnessed):
    witnessed.happens(2)
    found = verify(witnessed)
    assert (found.head.sequence, found.checkpoints, found.covered) == (11, 2, 9)
    assert (found.cosigned, found.unchecked) == ({"808": 9, "822": 4}, ())


def test_cosignatures_under_unknown_keys_are_counted_as_unchecked(witnessed):
    found = verify(witnessed, participant_keys={"808": [witnessed.rings["808"].signing_public_key]})
    assert (found.cosigned, found.unchecked) == ({"808": 9}, ("822",))


def test_the_chain_alone(witnessed):
    found = verify(witnessed, objects=None)
    assert (found.head.sequence, found.checkpoints) == (9, 0)


@pytest.mark.parametrize(("name", "row"), [("edited", 3), ("deleted", 3), ("reordered", 3), ("put in", 3)])
def test_a_rewritten_chain_is_whole_and_yet_its_first_changed_event_is_named(witnessed, name, row):
    witnessed.rewrite_log(REWRITES[name])
    assert verify(witnessed, objects=None).head.sequence >= 9, "the forger chained everything anew"
    with pytest.raises(AuditBroken, match=f"event {row} was rewritten") as caught:
        verify(witnessed)
    assert (caught.value.where.row, caught.value.exit_code) == (row, 32)


def test_a_change_after_the_first_checkpoint_is_named_too(witnessed):
    witnessed.rewrite_log(lambda e: [*e[:6], e[6].replace(b"accepted", b"refused!"), *e[7:]])
    with pytest.raises(AuditBroken, match="event 7 was rewritten"):
        verify(witnessed)


def test_without_its_tree_the_bounds_are_named(witnessed):
    for tile in (witnessed.home / "objects" / "checkpoints" / "room" / "tiles" / "room-log" / "0").iterdir():
        tile.write_bytes(bytes(len(tile.read_bytes())))
    witnessed.rewrite_log(lambda e: [*e[:6], e[6].replace(b"accepted", b"refused!"), *e[7:]])
    with pytest.raises(AuditBroken, match="one of the events 5 to 9"):
        verify(witnessed)


@pytest.mark.parametrize("left", [0, 3, 8])
def test_a_cut_tail_is_found_by_a_checkpoint(witnessed, left):
    kept = witnessed.log.path.read_bytes().splitlines(keepends=True)[:left]
    witnessed.log.path.write_bytes(b"".join(kept))
    assert verify(witnessed, objects=None).head.sequence == left, "the chain alone shows nothing"
    with pytest.raises(AuditBroken, match=f"ends after event {left}.*tail was cut") as caught:
        verify(witnessed)
    assert caught.value.where.row == left + 1


def test_what_no_checkpoint_covers_can_be_cut_unseen(witnessed):
    """The limit that docs/audit.md states: between two checkpoints only receipts witness."""
    witnessed.happens(2)
    kept = witnessed.log.path.read_bytes().splitlines(keepends=True)[:10]
    witnessed.log.path.write_bytes(b"".join(kept))
    assert verify(witnessed).head.sequence == 10


def test_a_new_history_with_new_checkpoints_is_convicted_by_cosignatures(witnessed):
    witnessed.rewrite_log(REWRITES["edited"])
    witnessed.forget_checkpoints()
    witnessed.portal.shown.clear()
    witnessed.publish()
    with pytest.raises(AuditBroken, match="participant 808 was shown another checkpoint"):
        verify(witnessed)


def test_a_cosignature_of_another_key_is_refused(witnessed):
    keys = {"808": [witnessed.rings["822"].signing_public_key], "822": [witnessed.rings["822"].signing_public_key]}
    with pytest.raises(SignatureRefused, match="808"):
        verify(witnessed, participant_keys=keys)


def test_checkpoints_of_another_key_are_refused(witnessed):
    with pytest.raises(SignatureRefused):
        verify(witnessed, room_keys=[witnessed.rings["822"].signing_public_key])
    with pytest.raises(SignatureRefused):
        verify(witnessed, room_keys=[])


def test_an_object_that_is_no_checkpoint(witnessed):
    path = witnessed.home / "objects" / checkpoint_name(ROOM, 4)
    for raw in (b"{}", b"[1]", path.read_bytes().replace(b'"size":4', b'"size":5'), b"\xff" * 10, b"x" * 100_000):
        path.write_bytes(raw)
        with pytest.raises(AuditBroken, match="is not the checkpoint that its name says"):
            verify(witnessed)


def test_no_log_is_no_answer(room):
    with pytest.raises(NotFound):
        verify(room)

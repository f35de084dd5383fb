"""Witnesses: they follow an honest log and find every lie that two of them, or one of them twice, can be told."""

import copy
import json
import shutil

import pytest

from cleanroom.contracts.canonical import CHECKPOINT_DOMAIN, COSIGNATURE_DOMAIN
from cleanroom.contracts.checkpoints import AuditLog, SignedCheckpoint
from cleanroom.crypto.signing import verify
from cleanroom.errors import AuditBroken, KeyRefused, SettingsInvalid, SignatureRefused, StoreFault
from cleanroom.pipeline import witness
from cleanroom.stores import published
from cleanroom.stores.witness_state import WitnessState
from tests.factories.killing import KILLED, killed_at
from tests.factories.witnessed_room import event

ROOM, PORTAL = AuditLog.ROOM, AuditLog.PORTAL


def alarm(of, what):
    """The look must end in this alarm; returns the evidence that was kept."""
    with pytest.raises(AuditBroken, match=what) as caught:
        of.look()
    assert caught.value.exit_code == 32
    [kept] = [p for p in of.state.path.parent.glob("*evidence*") if p.name in str(caught.value)]
    assert kept.stat().st_mode & 0o077 == 0
    return json.loads(kept.read_bytes())


def test_before_the_first_checkpoint_there_is_nothing_to_see(room):
    assert room.witness().look() == {ROOM: 0, PORTAL: 0}
    assert list(room.objects.list("checkpoints/808/")) == []


def test_an_honest_log_is_followed_and_cosigned(room):
    seen = []
    for count in (1, 300, 2):
        room.happens(count)
        room.publish()
        seen.append(room.witness().look()[ROOM])
    assert seen == [1, 301, 303]
    for size in seen:
        cosigned = published.cosignature(room.objects, ROOM, size, by="808")
        public = room.rings["808"].signing_public_key
        verify(public, COSIGNATURE_DOMAIN, cosigned.covered(), cosigned.signature)
        assert cosigned.checkpoint == published.checkpoint(room.objects, ROOM, size).checkpoint
    [newest, *_] = room.portal.checkpoints(ROOM)
    assert [c.participant for c in newest.cosignatures] == ["808"]


def test_the_same_look_again_changes_nothing(witnessed):
    before = witnessed.witness().state.path.read_bytes(), [i.name for i in witnessed.objects.list("")]
    assert witnessed.witness().look() == {ROOM: 9, PORTAL: 9}
    assert before == (witnessed.witness().state.path.read_bytes(), [i.name for i in witnessed.objects.list("")])


def test_a_witness_without_the_portal(witnessed):
    assert witnessed.witness("822", portal=None).look() == {ROOM: 9, PORTAL: 9}


def test_a_cosignature_is_no_checkpoint_and_no_other_participants(witnessed):
    cosigned = published.cosignature(witnessed.objects, ROOM, 9, by="808")
    public = witnessed.rings["808"].signing_public_key
    with pytest.raises(SignatureRefused):
        verify(public, CHECKPOINT_DOMAIN, cosigned.covered(), cosigned.signature)
    with pytest.raises(SignatureRefused):
        verify(witnessed.rings["822"].signing_public_key, COSIGNATURE_DOMAIN, cosigned.covered(), cosigned.signature)


REWRITES = {
    "edited": lambda e: [*e[:2], e[2].replace(b"accepted", b"refused!"), *e[3:]],
    "deleted": lambda e: [*e[:2], *e[3:], e[0]],
    "reordered": lambda e: [*e[:2], e[3], e[2], *e[4:]],
    "put in": lambda e: [*e[:2], e[0], *e[2:]],
}


@pytest.mark.parametrize("change", REWRITES.values(), ids=REWRITES)
def test_a_rewritten_history_is_a_fork(witnessed, change):
    """The room, its key, its disk and the store are the liar's: he makes a new history and signs it."""
    witnessed.rewrite_log(change)
    witnessed.forget_checkpoints()
    witnessed.happens(3)
    witnessed.portal.shown.clear()
    witnessed.publish()
    for code, size in (("808", 9), ("822", 4)):
        kept = alarm(witnessed.witness(code), f"checkpoint over {size} events that was seen is gone, the newest now")
        assert kept["seen"]["checkpoint"]["size"] == size


def test_the_same_size_under_another_root_is_a_fork(witnessed):
    witnessed.rewrite_log(REWRITES["edited"])
    witnessed.forget_checkpoints()
    witnessed.portal.shown.clear()
    witnessed.publish()
    kept = alarm(witnessed.witness("808"), "another root than the one of the same size that was seen")
    seen, shown = (SignedCheckpoint.model_validate(kept[name]) for name in ("seen", "shown"))
    for signed in (seen, shown):  # both bear the room's signature: this is what convicts
        verify(witnessed.ring.signing_public_key, CHECKPOINT_DOMAIN, signed.covered(), signed.signature)
    assert seen.checkpoint.root != shown.checkpoint.root


def test_a_fork_that_leaves_the_old_checkpoints_lying_is_found_by_the_proof(witnessed, tmp_path):
    """Tiles and the newer checkpoint are of another history; the objects that were seen are still there."""
    other = tmp_path / "other"
    liar = type(witnessed)(other, type(witnessed.portal)())
    shutil.copytree(witnessed.home / "room" / "keys", liar.home / "room" / "keys", dirs_exist_ok=True)
    liar = type(witnessed)(other, type(witnessed.portal)())
    liar.happens(4)
    liar.rewrite_log(REWRITES["edited"])
    liar.happens(8)
    liar.publish()
    root = witnessed.home / "objects" / "checkpoints" / "room"
    shutil.rmtree(root / "tiles")
    shutil.copytree(other / "objects" / "checkpoints" / "room", root, dirs_exist_ok=True)
    kept = alarm(witnessed.witness("808", portal=None), "does not continue the checkpoint that was seen")
    assert (kept["seen"]["checkpoint"]["size"], kept["shown"]["checkpoint"]["size"]) == (9, 12)


def test_a_rollback_is_found(witnessed):
    witnessed.rewrite_log(lambda events: events[:6])
    witnessed.forget_checkpoints()
    witnessed.portal.shown.clear()
    witnessed.publish()
    alarm(witnessed.witness("808"), "over 9 events that was seen is gone, the newest now covers 6")


def test_a_store_emptied_is_found(witnessed):
    witnessed.forget_checkpoints()
    alarm(witnessed.witness("808"), "is gone, there is none now")


def test_two_witnesses_cannot_be_told_two_histories(witnessed, tmp_path):
    """A split view: 822 is served another store, with another history from event 10 on under the room's signature."""
    shutil.copytree(witnessed.home, tmp_path / "aside")
    aside = type(witnessed)(tmp_path / "aside", copy.deepcopy(witnessed.portal))
    witnessed.happens(2)
    witnessed.publish()
    assert witnessed.witness("808").look()[ROOM] == 11
    aside.log.append(event(99))
    aside.happens(4)
    aside.publish()
    kept = alarm(witnessed.witness("822", objects=aside.objects), "portal shows a checkpoint of another history")
    assert (kept["seen"]["checkpoint"]["size"], kept["shown"]["checkpoint"]["size"]) == (14, 11)


def test_the_portal_knows_no_second_checkpoint_of_a_size(witnessed):
    real = witnessed.portal.checkpoints(ROOM)[0]
    forged = real.signed.checkpoint.model_copy(update={"root": "0" * 64})
    witnessed.portal.shown[(ROOM, 9)] = real.model_copy(
        update={"signed": real.signed.model_copy(update={"checkpoint": forged})}
    )
    with pytest.raises(SignatureRefused):
        witnessed.witness("822").look()


def test_what_the_portal_alone_shows_is_an_alarm(witnessed):
    witnessed.happens(3)
    witnessed.publish()
    shown = witnessed.portal.shown[(ROOM, 12)]
    for path in (witnessed.home / "objects" / "checkpoints" / "room").rglob("*12.json"):
        path.unlink()
    assert shown.signed.checkpoint.size == 12
    alarm(witnessed.witness("808"), "portal shows a checkpoint that is not in the object store")


def test_a_checkpoint_of_another_key_is_refused(witnessed):
    liar = type(witnessed)(witnessed.home / "liar", type(witnessed.portal)())
    liar.happens(12)
    liar.publish()
    root = witnessed.home / "objects" / "checkpoints" / "room"
    shutil.copytree(liar.home / "objects" / "checkpoints" / "room", root, dirs_exist_ok=True)
    with pytest.raises(SignatureRefused, match="registered key"):
        witnessed.witness("808").look()


def test_tiles_that_were_changed_convince_nobody(witnessed):
    for tile in (witnessed.home / "objects" / "checkpoints" / "room" / "tiles" / "room-log" / "0").iterdir():
        tile.write_bytes(bytes(len(tile.read_bytes())))
    alarm(witnessed.witness("822"), "does not continue")


def test_tiles_that_are_missing_are_a_fault(witnessed):
    shutil.rmtree(witnessed.home / "objects" / "checkpoints" / "room" / "tiles")
    with pytest.raises(StoreFault):
        witnessed.witness("822").look()


@pytest.mark.parametrize(
    ("point", "when"),
    [
        ("cleanroom.pipeline.witness:Witness._cosign", "before"),
        ("cleanroom.stores.objects_local:LocalObjectStore.put_bytes", "after"),
        ("cleanroom.stores.witness_state:write_whole", "before"),
        ("cleanroom.stores.witness_state:write_whole", "after"),
    ],
)
def test_a_killed_witness_looks_again(witnessed, point, when):
    assert killed_at(point, witnessed.witness("822").look, when=when) == KILLED
    assert witnessed.witness("822").look() == {ROOM: 9, PORTAL: 9}
    assert published.sizes(witnessed.objects, ROOM, by="822") == [4, 9]


def test_a_witness_is_told_the_rooms_key_once(room, tmp_path):
    state = WitnessState(tmp_path / "new" / "witness.json")
    with pytest.raises(SettingsInvalid, match="does not know"):
        state.room_keys()
    with pytest.raises(KeyRefused):
        witness.pin_room_key(state, "A" * 43)
    for _ in range(2):
        witness.pin_room_key(state, room.ring.signing_public_key)
    assert state.room_keys() == [room.ring.signing_public_key]


def test_a_damaged_memory_is_no_empty_memory(witnessed):
    own = witnessed.witness("808")
    own.state.path.write_bytes(own.state.path.read_bytes()[:-20])
    with pytest.raises(SettingsInvalid, match="backup"):
        own.look()

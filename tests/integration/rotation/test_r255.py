"""r255-rekey-v1 through the whole line: a key per institution, one institution's key changed alone, one graph."""

import pytest

from cleanroom import errors
from cleanroom.crypto.canaries import JOINT
from cleanroom.pipeline import keys, pins
from cleanroom.pipeline.rotation import rotate_k2
from cleanroom.vocabulary.terms import Scheme
from tests.factories.clean_room import FORMS, CleanRoom
from tests.factories.graphs import assert_same_graph

pytestmark = pytest.mark.slow


@pytest.fixture
def clean_room(tmp_path):
    """Every institution with a key of its own; the joint scalar lies in one file per institution."""
    room = CleanRoom(tmp_path)
    rings = {c: keys.prepare_participant_keys(room.participant(c).keys, institution=c, demo=True) for c in FORMS}
    for code, share in keys.share_joint({c: ring.recipient for c, ring in rings.items()}).items():
        (tmp_path / f"{code}.joint").write_bytes(share)
    for code in FORMS:
        keys.make_own_key(room.participant(code))
        room.portal.invite(room.ring_of(code), room.ring)
        hand_in_factor(room, code)
        room.data[code].write()
    pin(room, "808")
    return room


def hand_in_factor(room, code, to="808"):
    sealed = room.home / "factor"
    joint = room.home / f"{code}.joint"
    recipient = room.ring.recipient
    sealed.write_bytes(keys.export_factor(room.participant(code), joint=joint, room_recipient=recipient))
    return keys.import_factor(room.settings, sealed, participant=code, portal=room.portal)


def pin(room, code):
    ring = keys.open_room_keys(room.settings)
    pins.pin(room.settings, keys.canary_card(room.participant(code).keys), ring=ring)


def deliver(room, *codes):
    for code in codes:
        room.seal(code)
        room.take_in(code)


def test_keys_of_their_own_and_one_graph(clean_room, undisturbed):
    deliver(clean_room, *FORMS)
    assert_same_graph(clean_room, undisturbed)
    cards = [keys.canary_card(clean_room.participant(code).keys) for code in FORMS]
    assert len({tuple(card.canaries.values()) for card in cards}) == len(FORMS)
    assert list(pins.read_pins(clean_room.settings).agreed) == [JOINT]
    for card in cards:
        pins.pin(clean_room.settings, card, ring=keys.open_room_keys(clean_room.settings))  # all come to the same


def test_one_institution_changes_its_key_alone_between_two_deliveries(clean_room, undisturbed):
    """822 delivered under its old key; 700 under a new one; nobody else does anything."""
    deliver(clean_room, "808", "822")
    old = clean_room.ring_of("700").hash_kid
    assert keys.make_own_key(clean_room.participant("700"), after=old) != old
    assert keys.make_own_key(clean_room.participant("700"), after=old) == clean_room.ring_of("700").hash_kid
    assert hand_in_factor(clean_room, "700") == clean_room.ring_of("700").hash_kid
    deliver(clean_room, "700")
    assert_same_graph(clean_room, undisturbed)


def test_its_key_and_k2_are_changed_mid_stream(clean_room, undisturbed):
    deliver(clean_room, "808")
    with clean_room.opened() as opened:
        rotate_k2(opened, to=2)
    keys.make_own_key(clean_room.participant("822"), after=clean_room.ring_of("822").hash_kid)
    hand_in_factor(clean_room, "822")
    deliver(clean_room, "822", "700")
    assert_same_graph(clean_room, undisturbed)


def test_a_new_key_without_its_factor_is_refused(clean_room):
    keys.make_own_key(clean_room.participant("700"), after=clean_room.ring_of("700").hash_kid)
    clean_room.seal("700")
    with pytest.raises(errors.KeyRefused, match="hash_kid"):
        clean_room.take_in("700")
    assert not any(clean_room.landed().values())


def test_a_closed_key_is_refused_and_the_next_one_taken(clean_room):
    old = clean_room.ring_of("700").hash_kid
    clean_room.seal("700")
    pins.close_key(clean_room.settings, old)
    with pytest.raises(errors.KeyRefused, match="hash_kid_closed"):
        clean_room.take_in("700")
    deliver(clean_room, "808")


def test_a_factor_of_another_joint_scalar_is_caught_by_the_canaries(clean_room):
    """A participant that used the wrong share, or lies about its factor: its tokens would join nothing."""
    share = keys.share_joint({"700": clean_room.ring_of("700").recipient})["700"]
    (clean_room.home / "700.joint").write_bytes(share)
    keys.make_own_key(clean_room.participant("700"), after=clean_room.ring_of("700").hash_kid)
    hand_in_factor(clean_room, "700")
    clean_room.seal("700")
    with pytest.raises(errors.CanaryMismatch, match="canaries"):
        clean_room.take_in("700")


def factor_of(room, code, recipient=None):
    sealed = room.home / "factor"
    joint = room.home / f"{code}.joint"
    recipient = recipient or room.ring.recipient
    sealed.write_bytes(keys.export_factor(room.participant(code), joint=joint, room_recipient=recipient))
    return sealed


def test_a_factor_is_taken_from_its_participant_alone(clean_room):
    sealed = factor_of(clean_room, "822")
    with pytest.raises(errors.KeyRefused, match="factor_owner"):
        keys.import_factor(clean_room.settings, sealed, participant="808", portal=clean_room.portal)
    assert keys.import_factor(clean_room.settings, sealed, participant="822", portal=clean_room.portal)  # again: same
    elsewhere = factor_of(clean_room, "822", recipient=clean_room.ring_of("808").recipient)
    with pytest.raises(errors.ContentTampered):
        keys.import_factor(clean_room.settings, elsewhere, participant="822", portal=clean_room.portal)


def test_a_factor_that_its_key_already_has_otherwise(clean_room):
    ring = clean_room.ring_of("700")
    (clean_room.home / "700.joint").write_bytes(keys.share_joint({"700": ring.recipient})["700"])
    with pytest.raises(errors.KeyRefused, match="factor_other"):
        hand_in_factor(clean_room, "700")


def test_a_factor_that_nobody_registered_signed(clean_room):
    clean_room.portal.gates["822"] = clean_room.portal.gates["822"].model_copy(update={"keys": ()})
    with pytest.raises(errors.KeyRefused):
        hand_in_factor(clean_room, "822")


@pytest.mark.parametrize("content", [b"x", b"{}", b'{"body":{},"signature":"","signing_kid":""}', b'{"body":[]}'])
def test_a_file_that_holds_no_factor(clean_room, content):
    from cleanroom.crypto.envelope import seal_bytes

    (clean_room.home / "factor").write_bytes(seal_bytes(content, clean_room.ring.recipient))
    with pytest.raises(errors.KeyRefused, match="factor_form"):
        keys.import_factor(clean_room.settings, clean_room.home / "factor", participant="822", portal=clean_room.portal)


def test_what_each_side_holds(clean_room):
    """The joint scalar is in no ring; the room has no scalar of a participant, a participant no factor."""
    room = (clean_room.settings.keys / "keyring.json").read_text()
    own = (clean_room.participant("808").keys / "keyring.json").read_text()
    assert "first_hash" not in room and '"factors"' in room
    assert "factor" not in own and "joint" not in own + room
    assert clean_room.ring_of("808").scheme == Scheme.R255_REKEY
    with pytest.raises(errors.KeyRefused, match="scheme"):
        keys.export_k1(clean_room.participant("808").keys, clean_room.ring.recipient)

"""A new signing or sealing key: drawn once, in use at once, and what was sealed to the old one still opens."""

import pytest

from cleanroom.crypto.envelope import seal_bytes
from cleanroom.errors import KeyRefused
from cleanroom.pipeline.keys import init_room_keys, open_keys, prepare_participant_keys, renew_key
from cleanroom.settings import ParticipantSettings, RoomSettings


@pytest.fixture(params=["room", "808"])
def settings(request, tmp_path):
    if request.param == "room":
        side = RoomSettings(home=tmp_path)
        init_room_keys(side.keys, demo=True)
        return side
    side = ParticipantSettings("808", tmp_path, tmp_path)
    prepare_participant_keys(side.keys, institution="808", demo=True)
    return side


def test_a_renewed_sealing_key_still_opens_what_went_to_the_old_one(settings):
    old = open_keys(settings)
    assert renew_key(settings, purpose="sealing", after=old.recipient_kid)
    assert not renew_key(settings, purpose="sealing", after=old.recipient_kid), "again: nothing changes"
    new = open_keys(settings)
    assert new.recipient_kid != old.recipient_kid and new.signing_kid == old.signing_kid
    assert new.recipient_kids == (old.recipient_kid, new.recipient_kid)
    assert new.decrypt(seal_bytes(b"x", old.recipient)) == new.decrypt(seal_bytes(b"x", new.recipient)) == b"x"


def test_a_renewed_signing_key_signs(settings):
    old = open_keys(settings)
    assert renew_key(settings, purpose="signing", after=old.signing_kid)
    new = open_keys(settings)
    assert new.signing_public_key != old.signing_public_key and new.recipient_kid == old.recipient_kid
    with pytest.raises(KeyRefused, match="key_unknown"):
        renew_key(settings, purpose="signing", after="unknown")

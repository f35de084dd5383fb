"""Key rings: rights, demo keys, sharing K1, handles; and that nothing secret comes out."""

import json
import stat
from dataclasses import replace

import pytest

from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN, RECEIPT_DOMAIN
from cleanroom.crypto import signing
from cleanroom.crypto.canaries import Pins
from cleanroom.crypto.custody.passphrase import PassphraseCustodian
from cleanroom.crypto.envelope import seal_bytes
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.errors import CanaryMismatch, ContentTampered, KeyRefused
from cleanroom.pipeline import keys, pins
from cleanroom.settings import RoomSettings
from cleanroom.vocabulary.terms import Scheme

ACCOUNT = "8080000000123456789"


@pytest.fixture
def first(tmp_path):
    return keys.init_participant_keys(tmp_path / "808", institution="808", demo=True)


@pytest.fixture
def second(tmp_path, first):
    ring = keys.prepare_participant_keys(tmp_path / "822", institution="822", demo=True)
    (tmp_path / "share").write_bytes(keys.export_k1(tmp_path / "808", ring.recipient))
    return keys.init_participant_keys(tmp_path / "822", institution="822", demo=True, k1_from=tmp_path / "share")


def test_participants_that_share_k1_hash_alike(first, second):
    assert first.hash_kid == second.hash_kid
    assert first.canaries() == second.canaries()
    assert first.stage1("account", [ACCOUNT]) == second.stage1("account", [ACCOUNT])
    assert len(first.stage1("account", [ACCOUNT])[0]) == 32


def test_canaries_are_three_and_tell_keys_apart(tmp_path, first):
    other = keys.init_participant_keys(tmp_path / "700", institution="700", demo=True)
    assert sorted(first.canaries()) == ["account", "national_id", "phone"]
    assert not set(first.canaries().values()) & set(other.canaries().values())
    assert first.hash_kid != other.hash_kid


def test_a_handle_opens_only_at_home(first, second):
    handle = first.seal_handle(ACCOUNT)
    assert first.open_handle(handle) == ACCOUNT
    assert first.seal_handle(ACCOUNT) == handle
    assert ACCOUNT.encode() not in handle
    for opener, bad in ((second, handle), (first, handle[:-1]), (first, b""), (first, "")):
        with pytest.raises(ContentTampered, match="handle"):
            opener.open_handle(bad)


def test_a_handle_in_text_is_the_same_handle(first):
    from cleanroom.crypto.encoding import to_text

    assert first.open_handle(to_text(first.seal_handle(ACCOUNT))) == ACCOUNT


def test_the_room_hashes_a_second_time_and_never_holds_k1(tmp_path, first):
    room = keys.init_room_keys(tmp_path / "room", demo=True)
    second = room.second_hash(scheme=first.scheme, participant="808", kid=first.hash_kid)
    [token] = second("account", first.stage1("account", [ACCOUNT]))
    assert (len(token), token) == (32, token.lower())
    assert second("phone", first.stage1("account", [ACCOUNT])) != [token]
    assert "first_hash" not in json.loads((tmp_path / "room" / "keyring.json").read_text())
    assert not hasattr(room, "stage1")
    assert "k2" not in json.loads((tmp_path / "808" / "keyring.json").read_text())


def test_rings_keep_their_keys_when_made_again(tmp_path, first):
    again = keys.init_participant_keys(tmp_path / "808", institution="808", demo=True)
    same = ("signing_kid", "signing_public_key", "recipient", "hash_kid")
    assert [getattr(again, n) for n in same] == [getattr(first, n) for n in same]
    room = keys.init_room_keys(tmp_path / "room", demo=True)
    assert keys.init_room_keys(tmp_path / "room", demo=True).recipient == room.recipient


def test_registrations_prove_possession(first):
    signing_key, sealing_key = first.key_registrations()
    signing.check_proof("808", signing_key)
    assert (sealing_key.purpose, sealing_key.public_key) == ("sealing", first.recipient)
    payload = signing.proof_payload("808", "signing", signing_key.kid, signing_key.public_key)
    signing.verify(first.signing_public_key, KEY_PROOF_DOMAIN, payload, first.proof_of_possession())


def test_what_is_sealed_to_a_ring_opens_there(tmp_path, first):
    assert first.decrypt(seal_bytes(b"warning", first.recipient)) == b"warning"
    room = keys.init_room_keys(tmp_path / "room", demo=True)
    with pytest.raises(ContentTampered):
        room.decrypt(seal_bytes(b"warning", first.recipient))
    signing.verify(room.signing_public_key, RECEIPT_DOMAIN, b"x", room.sign(RECEIPT_DOMAIN, b"x"))


def test_files_are_for_their_owner_alone(tmp_path, first):
    assert stat.S_IMODE((tmp_path / "808").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "808" / "keyring.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(("name", "mode"), [("", 0o750), ("", 0o701), ("keyring.json", 0o640), ("keyring.json", 0o604)])
def test_looser_rights_are_refused(tmp_path, first, name, mode):
    (tmp_path / "808" / name).chmod(mode)
    with pytest.raises(KeyRefused, match="key_ring_rights"):
        ParticipantKeyRing.open(tmp_path / "808", production=False)


def test_a_link_is_not_followed(tmp_path, first):
    (tmp_path / "808" / "keyring.json").rename(tmp_path / "elsewhere")
    (tmp_path / "808" / "keyring.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyRefused, match="key_ring_owner"):
        ParticipantKeyRing.open(tmp_path / "808", production=False)


def test_demo_keys_are_refused_in_production_and_real_ones_are_not(tmp_path, first):
    with pytest.raises(KeyRefused, match="demo_keys"):
        ParticipantKeyRing.open(tmp_path / "808", production=True)
    custodian = PassphraseCustodian("a long enough passphrase")
    keys.init_room_keys(tmp_path / "room", demo=False, custodian=custodian)
    assert not RoomKeyRing.open(tmp_path / "room", production=True, custodian=custodian).demo


@pytest.mark.parametrize("damage", ["{", "[]", '{"version": 2}', ""])
def test_a_damaged_ring_is_refused(tmp_path, first, damage):
    (tmp_path / "808" / "keyring.json").write_text(damage)
    with pytest.raises(KeyRefused, match="key_ring_damaged"):
        ParticipantKeyRing.open(tmp_path / "808", production=False)


def test_a_ring_of_the_other_side_is_refused(tmp_path, first):
    with pytest.raises(KeyRefused, match="other side"):
        RoomKeyRing.open(tmp_path / "808", production=False)
    keys.init_room_keys(tmp_path / "room", demo=True)
    with pytest.raises(KeyRefused, match="other side"):
        ParticipantKeyRing.open(tmp_path / "room", production=False)
    with pytest.raises(KeyRefused, match="key_ring_missing"):
        RoomKeyRing.open(tmp_path / "nowhere", production=False)


def test_a_ring_of_another_institution_is_not_taken_over(tmp_path, first):
    with pytest.raises(KeyRefused, match="key_ring_owner"):
        keys.init_participant_keys(tmp_path / "808", institution="822", demo=True)


def test_a_share_opens_only_for_whom_it_was_sealed(tmp_path, first):
    keys.prepare_participant_keys(tmp_path / "822", institution="822", demo=True)
    (tmp_path / "share").write_bytes(keys.export_k1(tmp_path / "808", first.recipient))
    with pytest.raises(ContentTampered):
        keys.init_participant_keys(tmp_path / "822", institution="822", demo=True, k1_from=tmp_path / "share")


def test_a_share_does_not_replace_another_k1(tmp_path, first):
    other = keys.init_participant_keys(tmp_path / "822", institution="822", demo=True)
    (tmp_path / "share").write_bytes(keys.export_k1(tmp_path / "808", other.recipient))
    with pytest.raises(KeyRefused, match="k1_other"):
        keys.init_participant_keys(tmp_path / "822", institution="822", demo=True, k1_from=tmp_path / "share")


def test_a_demo_share_does_not_reach_a_real_ring(tmp_path, first):
    ring = keys.prepare_participant_keys(tmp_path / "822", institution="822", demo=False)
    (tmp_path / "share").write_bytes(keys.export_k1(tmp_path / "808", ring.recipient))
    with pytest.raises(KeyRefused, match="demo_keys"):
        keys.init_participant_keys(tmp_path / "822", institution="822", demo=False, k1_from=tmp_path / "share")


@pytest.mark.parametrize("content", [b"x", b'{"k1":"AAAA","kid":"k1-0"}', b'{"k1":"AAAA","demo":true,"kid":"k1-0"}'])
def test_a_share_that_holds_no_key(tmp_path, content):
    ring = keys.prepare_participant_keys(tmp_path / "822", institution="822", demo=True)
    (tmp_path / "share").write_bytes(seal_bytes(content, ring.recipient))
    with pytest.raises(KeyRefused, match="k1_share"):
        keys.init_participant_keys(tmp_path / "822", institution="822", demo=True, k1_from=tmp_path / "share")


def test_a_ring_without_k1_hashes_nothing(tmp_path):
    ring = keys.prepare_participant_keys(tmp_path / "822", institution="822", demo=True)
    with pytest.raises(KeyRefused, match="k1_missing"):
        ring.stage1("phone", ["+886912345678"])


def test_pinned_canaries_are_not_changed(tmp_path, first):
    settings, card = RoomSettings(home=tmp_path), keys.canary_card(tmp_path / "808")
    room = keys.init_room_keys(settings.keys, demo=True)
    pins.pin(settings, card, ring=room)
    pins.pin(settings, card, ring=room)
    assert pins.read_pins(settings) == Pins(Scheme.HMAC2, {card.hash_kid: card.canaries})
    with pytest.raises(CanaryMismatch, match="canary_pin"):
        pins.pin(settings, replace(card, canaries={"phone": "0" * 64}), ring=room)


@pytest.mark.parametrize("damage", ["{", "[]", '{"scheme": "sha256", "agreed": {}, "closed": []}', "{}"])
def test_damaged_pins_are_not_taken_for_none(tmp_path, damage):
    settings = RoomSettings(home=tmp_path)
    keys.init_room_keys(settings.keys, demo=True)
    pins.pin_file(settings).write_text(damage)
    with pytest.raises(KeyRefused, match="pins_damaged"):
        pins.read_pins(settings)


def test_a_ring_shows_no_secret(first, tmp_path):
    document = json.loads((tmp_path / "808" / "keyring.json").read_text())
    secrets = [
        document["signing"][0]["seed"],
        document["recipients"][0]["identity"],
        document["first_hash"][0]["secret"],
    ]
    assert len(secrets) == 3
    shown = repr(first) + str(first) + str(first.key_registrations()) + first.hash_kid + repr(first.first_hash)
    assert not [s for s in secrets if s in shown]

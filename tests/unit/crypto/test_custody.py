"""A ring under a custodian: nothing of it in clear, opened only whole and by its custodian, never half-written."""

import json

import pytest

from cleanroom.crypto import custody
from cleanroom.crypto.custody import ring_file, sealed_ring
from cleanroom.crypto.custody.passphrase import PassphraseCustodian
from cleanroom.crypto.encoding import from_text, to_text
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.errors import KeyRefused, KeyServiceDenied, KeyServiceFault, SettingsInvalid
from cleanroom.pipeline.keys import init_room_keys, prepare_participant_keys
from cleanroom.stores.kms_google import GoogleKeyService
from tests.fakes.key_service import KEY, KeyService, MemoryKeyClient


@pytest.fixture
def service():
    return KeyService()


@pytest.fixture
def custodian(service):
    return GoogleKeyService(KEY, MemoryKeyClient(service), give_up_s=0.3)


@pytest.fixture
def folder(tmp_path, custodian):
    init_room_keys(tmp_path / "room", demo=False, custodian=custodian)
    return tmp_path / "room"


def open_room(folder, custodian, *, production=True):
    return RoomKeyRing.open(folder, production=production, custodian=custodian)


def test_a_wrapped_ring_is_the_same_ring_with_nothing_in_clear(folder, custodian):
    ring = open_room(folder, custodian)
    raw = (folder / ring_file.NAME).read_text()
    document = ring_file.read(folder, production=True, custodian=custodian)
    secrets = [document["signing"][0]["seed"], document["recipients"][0]["identity"], document["k2"][0]["root"]]
    assert len(secrets) == 3 and not [s for s in secrets if s in raw]
    assert ring.recipient not in raw
    assert open_room(folder, custodian).sign(b"d", b"p") == ring.sign(b"d", b"p")


def test_every_writing_has_a_key_of_its_own(folder, custodian):
    before = json.loads((folder / ring_file.NAME).read_text())
    ring_file.write(folder, ring_file.read(folder, production=True, custodian=custodian), custodian=custodian)
    after = json.loads((folder / ring_file.NAME).read_text())
    assert not [f for f in ("wrapped_key", "nonce", "ciphertext") if before[f] == after[f]]


def test_an_unwrapped_ring_is_refused_in_production_and_under_a_custodian(tmp_path, custodian):
    init_room_keys(tmp_path / "clear", demo=False)
    for production, keeper in ((True, None), (False, custodian), (True, custodian)):
        with pytest.raises(KeyRefused, match="key_ring_unwrapped"):
            open_room(tmp_path / "clear", keeper, production=production)
    assert open_room(tmp_path / "clear", None, production=False).owner == "room"


def test_a_demo_ring_stays_one_under_a_custodian(tmp_path, custodian):
    init_room_keys(tmp_path / "demo", demo=True, custodian=custodian)
    with pytest.raises(KeyRefused, match="demo_keys"):
        open_room(tmp_path / "demo", custodian)


def test_without_its_custodian_it_stays_shut(folder, custodian):
    for keeper in (None, PassphraseCustodian("a long enough passphrase")):
        with pytest.raises(KeyRefused, match="key_ring_wrapped"):
            open_room(folder, keeper)


FLIPPED = ("wrapped_key", "nonce", "ciphertext")


@pytest.mark.parametrize("field", [*FLIPPED, "owner", "purpose", "version"])
def test_a_changed_field_opens_nothing(folder, custodian, field):
    path = folder / ring_file.NAME
    content = json.loads(path.read_text())
    content[field] = _flipped(content[field]) if field in FLIPPED else "822"
    path.write_text(json.dumps(content))
    with pytest.raises((KeyRefused, KeyServiceDenied)):
        open_room(folder, custodian)


def _flipped(text: str) -> str:
    raw = bytearray(from_text(text))
    raw[-1] ^= 1
    return to_text(bytes(raw))


@pytest.mark.parametrize("damage", [{"nonce": 7}, {"nonce": "!"}, {"nonce": ""}, {"more": "x"}, {"wrapped_key": None}])
def test_a_field_of_another_kind_is_refused(folder, custodian, damage):
    path = folder / ring_file.NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    with pytest.raises(KeyRefused, match="key_ring_damaged"):
        open_room(folder, custodian)


def test_one_owners_wrapped_key_does_not_open_anothers_ring(tmp_path, folder, custodian):
    prepare_participant_keys(tmp_path / "808", institution="808", demo=False, custodian=custodian)
    other = json.loads((tmp_path / "808" / ring_file.NAME).read_text())
    path = folder / ring_file.NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {"wrapped_key": other["wrapped_key"]}))
    with pytest.raises(KeyServiceDenied):
        open_room(folder, custodian)


def test_the_room_asks_nobody_about_another_owners_ring(tmp_path, folder, service, custodian):
    prepare_participant_keys(tmp_path / "808", institution="808", demo=False, custodian=custodian)
    service.asked.clear()
    with pytest.raises(KeyRefused, match="key_ring_owner"):
        open_room(tmp_path / "808", custodian)
    assert service.asked == []
    with pytest.raises(KeyRefused, match="key_ring_owner"):
        ParticipantKeyRing.open(folder, production=True, custodian=custodian)


@pytest.mark.parametrize(("mood", "kind"), [("denied", KeyServiceDenied), ("down", KeyServiceFault)])
def test_where_the_service_says_no_nothing_is_made_or_opened(tmp_path, folder, service, custodian, mood, kind):
    before = (folder / ring_file.NAME).read_bytes()
    service.mood = mood
    with pytest.raises(kind):
        open_room(folder, custodian)
    with pytest.raises(kind):
        init_room_keys(tmp_path / "new", demo=False, custodian=custodian)
    assert [p.name for p in (tmp_path / "new").iterdir()] == []
    assert (folder / ring_file.NAME).read_bytes() == before


def test_a_ring_that_its_custodian_cannot_open_again_is_not_written(tmp_path, folder, service, custodian):
    class WritesOnly(GoogleKeyService):
        def wrap(self, plaintext, *, context):
            wrapped = super().wrap(plaintext, context=context)
            service.mood = "denied"
            return wrapped

    before = (folder / ring_file.NAME).read_bytes()
    one_way = WritesOnly(KEY, MemoryKeyClient(service))
    with pytest.raises(KeyServiceDenied):
        ring_file.rewrap(folder, old=custodian, new=one_way)
    assert (folder / ring_file.NAME).read_bytes() == before


def test_a_ring_goes_from_custodian_to_custodian_and_is_whole(tmp_path, folder, custodian):
    def kept_by(keeper):
        return ring_file.read(folder, production=False, custodian=keeper)

    other_key = KEY.replace("rings", "others")
    document, other = kept_by(custodian), GoogleKeyService(other_key, MemoryKeyClient(KeyService(key=other_key)))
    assert ring_file.rewrap(folder, old=custodian, new=other)
    assert kept_by(other) == document
    assert not ring_file.rewrap(folder, old=custodian, new=other), "again: nothing changes"
    assert ring_file.rewrap(folder, old=other, new=None)
    assert kept_by(None) == document
    with pytest.raises(KeyRefused, match="key_ring_unwrapped"):
        ring_file.rewrap(folder, old=other, new=custodian)
    assert kept_by(None) == document


def test_drafts_of_a_killed_writer_are_swept(folder, custodian):
    draft = folder / f".{ring_file.NAME}.0123.tmp"
    draft.write_text("half")
    with ring_file.changing(folder):
        assert not draft.exists()


def test_who_wrote_it_is_told_apart_from_a_ring_in_clear(folder):
    content = sealed_ring.parse((folder / ring_file.NAME).read_bytes())
    assert sealed_ring.custodian_of(content) == f"gcp-kms://{KEY}"
    assert sealed_ring.custodian_of({"version": 1}) is None


def test_the_setting_names_the_custodian(tmp_path, custodian):
    def connect(name):
        return (name, custodian)

    secret = tmp_path / "passphrase"
    secret.write_text("a long enough passphrase\nsecond line\n")
    assert custody.choose("", connect=connect) is None
    assert custody.choose(f"passphrase:{secret}", connect=connect).name == "passphrase"
    assert custody.choose(f"gcp-kms://{KEY}", connect=connect) == (f"gcp-kms://{KEY}", custodian)
    for setting in ("passphrase", "passphrase:", "aws-kms://x", KEY):
        with pytest.raises(SettingsInvalid, match="CLEANROOM_KEY_CUSTODY"):
            custody.choose(setting, connect=connect)


@pytest.mark.parametrize("content", [None, b"", b"short\n", b"\xff\xfe" * 20])
def test_a_passphrase_file_that_is_no_good(tmp_path, content):
    path = tmp_path / "passphrase"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyRefused, match="key_custody"):
        PassphraseCustodian.from_file(path)

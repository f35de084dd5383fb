"""From clear files to landed rows over Cloud Storage's wire: nothing is moved, keys are destroyed where they lie."""

import pytest

from cleanroom.errors import ContentTampered
from cleanroom.pipeline import intake, sealing
from cleanroom.stores.objects import open_object_store
from cleanroom.vocabulary.terms import Dataset
from tests.factories.clean_room import CleanRoom
from tests.factories.gcs_emulator import BUCKET, client_at, empty_buckets, emulated

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.fixture
def cloud(tmp_path, monkeypatch):
    """(the room, whose store is in the cloud; a client that looks into the buckets)"""
    with emulated() as (host, port):
        url = f"http://{host}:{port}"
        empty_buckets(url)
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        room = CleanRoom.make(tmp_path / "home")
        room.objects = open_object_store(f"gs://{BUCKET}", None)
        yield room, client_at(url)


def in_bucket(client, name):
    return {blob.name for blob in client.list_blobs(name)}


def supersede(room, code):
    settings = room.participant(code)
    return sealing.seal_and_upload(settings, portal=room.portal, objects=room.objects, supersede=[Dataset.TRANSFERS])


def test_what_is_superseded_loses_its_key_and_nothing_else(cloud):
    room, client = cloud
    room.seal("808")
    room.take_in("808")
    sent, keys = in_bucket(client, BUCKET), in_bucket(client, f"{BUCKET}-keys")
    assert len(keys) == 3
    assert not [name for name in sent if name.startswith("keys/")]
    room.data["808"].rows["transfers"][1][7] = "77.00"
    room.data["808"].write()
    supersede(room, "808")
    room.take_in("808")
    assert room.landed()["landing.transfers"] == 3
    assert in_bucket(client, BUCKET) > sent, "what was sent and answered stays"
    gone = keys - in_bucket(client, f"{BUCKET}-keys")
    assert [name.split("/")[2] for name in gone] == ["transfers"]


def test_a_refused_submission_stays_and_its_number_is_used_again(cloud):
    room, client = cloud
    data = room.data["808"]
    data.rows = {"transfers": data.rows["transfers"]}
    for path in data.folder.iterdir():
        path.unlink()
    data.write()
    room.seal("808")
    [part] = [blob for blob in client.list_blobs(BUCKET) if blob.name.endswith(".age")]
    part.upload_from_string(b"damaged on the way")  # as no retention would allow it; the emulator knows none
    with pytest.raises(ContentTampered):
        room.take_in("808")
    before = in_bucket(client, BUCKET)
    assert room.seal("808").detail["uploaded"] == 1
    with room.opened() as opened:
        assert intake.take_in(opened, participant="808").detail["landed"] == 1
    assert in_bucket(client, BUCKET) > before
    answers = sorted(name.split("/")[-1] for name in in_bucket(client, BUCKET) if name.startswith("receipts/"))
    assert answers == ["accepted.json", "refused.json"]

import pytest

from cleanroom.errors import ManifestMalformed
from cleanroom.sealing.outbox import Origin, Outbox
from tests.factories.clean_room import CleanRoom

ORIGIN = Origin("content", "keys")


@pytest.fixture(scope="module")
def sealed_manifest(tmp_path_factory):
    room = CleanRoom.make(tmp_path_factory.mktemp("room") / "home")
    data = room.data["808"]
    data.rows = {"accounts": data.rows["accounts"]}
    data.write()
    room.seal("808")
    folder = room.participant("808").outbox_dir / "accounts" / "00000001"
    return (folder / "manifest.json").read_bytes()


def fill(outbox, manifest, sequence=1, origin=ORIGIN):
    with outbox.locked(), outbox.fill("accounts", sequence, origin) as draft:
        (draft / "manifest.json").write_bytes(manifest)


def test_a_filled_folder_takes_its_place(tmp_path, sealed_manifest):
    outbox = Outbox(tmp_path)
    fill(outbox, sealed_manifest)
    [sealed] = outbox.sealed("accounts")
    assert (sealed.sequence, sealed.origin, sealed.uploaded) == (1, ORIGIN, False)
    assert sealed.submission_id == sealed.manifest.manifest.submission_id
    sealed.mark_uploaded()
    assert outbox.sealed("accounts")[0].uploaded


def test_a_failure_leaves_nothing(tmp_path, sealed_manifest):
    outbox = Outbox(tmp_path)
    with pytest.raises(ManifestMalformed):
        fill(outbox, sealed_manifest[:-1])
    assert outbox.sealed("accounts") == []
    assert list((tmp_path / "accounts").iterdir()) == []


def test_what_a_killed_run_left_is_swept_away(tmp_path, sealed_manifest):
    outbox = Outbox(tmp_path)
    fill(outbox, sealed_manifest)
    draft = tmp_path / "accounts" / ".half-done"
    draft.mkdir()
    (draft / "part").write_bytes(b"x")
    with outbox.locked():
        assert not draft.exists()
    assert len(outbox.sealed("accounts")) == 1


def test_a_refused_number_is_filled_again(tmp_path, sealed_manifest):
    outbox = Outbox(tmp_path)
    fill(outbox, sealed_manifest)
    outbox.sealed("accounts")[0].mark_uploaded()
    fill(outbox, sealed_manifest, origin=Origin("other", "keys"))
    [sealed] = outbox.sealed("accounts")
    assert (sealed.origin.content, sealed.uploaded) == ("other", False)


def test_submissions_are_in_order(tmp_path, sealed_manifest):
    outbox = Outbox(tmp_path)
    for sequence in (10, 2, 1):
        fill(outbox, sealed_manifest, sequence)
    assert [s.sequence for s in outbox.sealed("accounts")] == [1, 2, 10]

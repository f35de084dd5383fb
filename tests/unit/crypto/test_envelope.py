import io

import pytest

from cleanroom.crypto.envelope import new_identity, open_bytes, open_stream, open_to_file, seal_bytes, seal_to_file
from cleanroom.errors import ContentTampered, KeyRefused

PLAINTEXT = b"nobody reads this on the way" * 10_000


@pytest.fixture(scope="module")
def keys():
    return new_identity()


@pytest.fixture(scope="module")
def sealed(keys):
    return seal_bytes(PLAINTEXT, keys[1])


def test_only_the_recipient_opens_it(keys, sealed):
    assert open_bytes(sealed, [keys[0]]) == PLAINTEXT
    stranger, _ = new_identity()
    with pytest.raises(ContentTampered, match="envelope"):
        open_bytes(sealed, [stranger])
    assert open_bytes(sealed, [stranger, keys[0]]) == PLAINTEXT  # a ring holds older keys too


@pytest.mark.parametrize("cut", [1, 16, 65_000, 100_000])
def test_a_truncated_envelope_gives_nothing_at_all(keys, sealed, tmp_path, cut):
    source = tmp_path / "sealed"
    source.write_bytes(sealed[:-cut])
    with pytest.raises(ContentTampered):
        open_to_file(source, tmp_path / "opened", [keys[0]])
    assert [p.name for p in tmp_path.iterdir()] == ["sealed"]


@pytest.mark.parametrize("position", [0, 30, 200, 70_000, -1])
def test_one_changed_byte_is_noticed(keys, sealed, position):
    changed = bytearray(sealed)
    changed[position] ^= 1
    with pytest.raises(ContentTampered):
        open_bytes(bytes(changed), [keys[0]])


def test_more_than_was_signed_is_not_kept_in_memory(keys, sealed):
    assert open_bytes(sealed, [keys[0]], cap_bytes=len(PLAINTEXT)) == PLAINTEXT
    with pytest.raises(ContentTampered, match="plaintext_size"):
        open_stream(io.BytesIO(sealed), [keys[0]], cap_bytes=len(PLAINTEXT) - 1)


def test_sealed_files_are_whole_and_for_their_owner(keys, tmp_path):
    target = tmp_path / "part"
    seal_to_file(PLAINTEXT, target, keys[1])
    assert open_bytes(target.read_bytes(), [keys[0]]) == PLAINTEXT
    assert target.stat().st_mode & 0o077 == 0
    open_to_file(target, tmp_path / "opened", [keys[0]])
    assert (tmp_path / "opened").read_bytes() == PLAINTEXT


def test_a_failure_while_writing_leaves_no_plaintext(keys, tmp_path):
    seal_to_file(PLAINTEXT, tmp_path / "part", keys[1])
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / "in the way").mkdir()
    with pytest.raises(OSError, match="directory"):
        open_to_file(tmp_path / "part", folder / "in the way", [keys[0]])
    assert [p.name for p in folder.iterdir()] == ["in the way"]


@pytest.mark.parametrize("recipient", ["", "age1", "not a key", "ssh-ed25519 AAAA"])
def test_a_recipient_that_is_none(recipient):
    with pytest.raises(KeyRefused, match="recipient_form"):
        seal_bytes(b"x", recipient)

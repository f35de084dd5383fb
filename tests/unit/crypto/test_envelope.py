import errno
import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.crypto.envelope import (
    Digest,
    new_identity,
    open_bytes,
    open_file,
    open_into,
    open_stream,
    seal_bytes,
    seal_file,
    seal_into,
)
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
        open_file(source, tmp_path / "opened", [keys[0]])
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
    (tmp_path / "clear").write_bytes(PLAINTEXT)
    sealed = seal_file(tmp_path / "clear", tmp_path / "part", keys[1])
    assert open_bytes((tmp_path / "part").read_bytes(), [keys[0]]) == PLAINTEXT
    assert (tmp_path / "part").stat().st_mode & 0o077 == 0
    opened = open_file(tmp_path / "part", tmp_path / "opened", [keys[0]])
    assert (tmp_path / "opened").read_bytes() == PLAINTEXT
    assert sealed == opened
    assert opened.plaintext == digest_of(PLAINTEXT)
    assert opened.ciphertext == digest_of((tmp_path / "part").read_bytes())


def digest_of(content):
    return Digest(len(content), hashlib.sha256(content).hexdigest())


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 200_000), st.binary(min_size=1, max_size=7))
def test_what_goes_in_comes_out_at_any_length(keys, size, pattern):
    """The library works in chunks of 64 KiB; lengths around them are the ones that go wrong."""
    content = (pattern * (size // len(pattern) + 1))[:size]
    sealed, opened = io.BytesIO(), io.BytesIO()
    going = seal_into(io.BytesIO(content), sealed, keys[1])
    coming = open_into(io.BytesIO(sealed.getvalue()), opened, [keys[0]], cap_bytes=size)
    assert opened.getvalue() == content
    assert going == coming
    assert coming.plaintext == digest_of(content)
    assert coming.ciphertext == digest_of(sealed.getvalue())


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072])
def test_every_truncation_around_a_chunk_leaves_nothing(keys, tmp_path, size):
    whole = seal_bytes(bytes(size), keys[1])
    header = len(whole) - size - 16 * max(1, -(-size // 65_536))
    cuts = {1, 15, 16, 17, len(whole) - header, len(whole) - 1} | {
        n for n in (65_552, 65_551, 65_553) if n < len(whole)
    }
    assert len(cuts) >= 5
    for cut in cuts:
        (tmp_path / "sealed").write_bytes(whole[:-cut])
        with pytest.raises(ContentTampered, match="envelope"):
            open_file(tmp_path / "sealed", tmp_path / "opened", [keys[0]])
        assert [p.name for p in tmp_path.iterdir()] == ["sealed"]


def test_trailing_bytes_and_swapped_chunks_are_noticed(keys, tmp_path):
    whole = seal_bytes(bytes(3 * 65_536), keys[1])
    body = len(whole) - 3 * 65_552
    first, second = whole[body : body + 65_552], whole[body + 65_552 : body + 2 * 65_552]
    for changed in (whole + b"x", whole[:body] + second + first + whole[body + 2 * 65_552 :]):
        (tmp_path / "sealed").write_bytes(changed)
        with pytest.raises(ContentTampered, match="envelope"):
            open_file(tmp_path / "sealed", tmp_path / "opened", [keys[0]])
        assert [p.name for p in tmp_path.iterdir()] == ["sealed"]


class Full(io.BytesIO):
    """A disk with room for 100 kB."""

    def write(self, data):
        if self.tell() + len(data) > 100_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


class Broken(io.BytesIO):
    def read(self, size=-1):
        raise OSError(errno.EIO, "Input/output error")


def test_a_full_disk_is_a_fault_and_no_forgery(keys, sealed):
    for work in (
        lambda: open_into(io.BytesIO(sealed), Full(), [keys[0]]),
        lambda: seal_into(io.BytesIO(PLAINTEXT), Full(), keys[1]),
    ):
        with pytest.raises(OSError, match="No space") as caught:
            work()
        assert caught.value.errno == errno.ENOSPC
    with pytest.raises(OSError, match="Input/output"):
        open_into(Broken(), io.BytesIO(), [keys[0]])
    with pytest.raises(OSError, match="Input/output"):
        seal_into(Broken(), io.BytesIO(), keys[1])


def test_a_cap_ends_the_opening_of_a_file(keys, sealed, tmp_path):
    (tmp_path / "sealed").write_bytes(sealed)
    with pytest.raises(ContentTampered, match="plaintext_size"):
        open_file(tmp_path / "sealed", tmp_path / "opened", [keys[0]], cap_bytes=len(PLAINTEXT) - 1)
    assert [p.name for p in tmp_path.iterdir()] == ["sealed"]


def test_a_failure_while_writing_leaves_no_plaintext(keys, sealed, tmp_path):
    (tmp_path / "part").write_bytes(sealed)
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / "in the way").mkdir()
    with pytest.raises(OSError, match="directory"):
        open_file(tmp_path / "part", folder / "in the way", [keys[0]])
    assert [p.name for p in folder.iterdir()] == ["in the way"]


@pytest.mark.parametrize("recipient", ["", "age1", "not a key", "ssh-ed25519 AAAA"])
def test_a_recipient_that_is_none(recipient):
    with pytest.raises(KeyRefused, match="recipient_form"):
        seal_bytes(b"x", recipient)

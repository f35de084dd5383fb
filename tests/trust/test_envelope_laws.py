"""Laws of the envelope: what was sealed opens whole; one byte more, less or other, and nothing opens or stays."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cleanroom.crypto import envelope
from cleanroom.errors import ContentTampered
from tests.factories.laws import LAW

IDENTITY, RECIPIENT = envelope.new_identity()
CHUNK = 64 * 1024
SIZES = st.sampled_from([0, 1, 15, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 17, 3 * CHUNK])
CONTENTS = SIZES.map(lambda size: bytes(n * 7 % 251 for n in range(251)) * (size // 251 + 1)).flatmap(
    lambda block: SIZES.map(lambda size: block[:size])
)


def refuses(sealed: bytes) -> None:
    with pytest.raises(ContentTampered):
        envelope.open_bytes(sealed, [IDENTITY])
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sealed").write_bytes(sealed)
        with pytest.raises(ContentTampered):
            envelope.open_file(folder / "sealed", folder / "plain", [IDENTITY])
        assert [path.name for path in folder.iterdir()] == ["sealed"]


@LAW
@given(CONTENTS)
def test_what_was_sealed_opens(content):
    sealed = envelope.seal_bytes(content, RECIPIENT)
    assert envelope.open_bytes(sealed, [IDENTITY]) == content
    assert envelope.open_bytes(sealed, [envelope.new_identity()[0], IDENTITY]) == content


@LAW
@given(CONTENTS)
def test_nobody_else_opens_it(content):
    with pytest.raises(ContentTampered):
        envelope.open_bytes(envelope.seal_bytes(content, RECIPIENT), [envelope.new_identity()[0]])


# The length of an envelope is not the same every time (age adds a line at random), so places are drawn as shares.
SHARES = st.integers(0, 10**6)


@LAW
@given(CONTENTS, SHARES, st.booleans(), st.integers(1, 255))
def test_any_changed_byte_refuses(content, share, in_header, mask):
    sealed = bytearray(envelope.seal_bytes(content, RECIPIENT))
    sealed[share % (200 if in_header else len(sealed))] ^= mask
    refuses(bytes(sealed))


@LAW
@given(CONTENTS, SHARES)
def test_any_truncation_refuses(content, share):
    sealed = envelope.seal_bytes(content, RECIPIENT)
    refuses(sealed[: share % len(sealed)])


@LAW
@given(st.integers(1, 4), st.integers(0, 3), st.integers(1, CHUNK))
def test_truncation_at_a_chunk_boundary_refuses(chunks, kept, tail):
    """Every chunk that is left is authentic; only the end is missing."""
    content = bytes(chunks * CHUNK + tail)
    sealed = envelope.seal_bytes(content, RECIPIENT)
    start = len(sealed) - len(content) - (chunks + 1) * 16
    refuses(sealed[: start + min(kept, chunks) * (CHUNK + 16)])


@LAW
@given(CONTENTS, st.binary(min_size=1, max_size=40))
@example(b"", b"\0")
def test_any_extension_refuses(content, more):
    refuses(envelope.seal_bytes(content, RECIPIENT) + more)


@LAW
@given(st.data())
def test_any_swap_of_chunks_refuses(data):
    content = b"".join(bytes([n]) * CHUNK for n in range(4)) + b"tail"
    sealed = envelope.seal_bytes(content, RECIPIENT)
    start = len(sealed) - len(content) - 5 * 16
    chunks = [sealed[start + n * (CHUNK + 16) : start + (n + 1) * (CHUNK + 16)] for n in range(5)]
    order = data.draw(st.permutations(range(4)))
    assume(order != [0, 1, 2, 3])
    swapped = sealed[:start] + b"".join(chunks[n] for n in order) + chunks[4]
    assert len(swapped) == len(sealed)
    refuses(swapped)


@LAW
@given(CONTENTS, st.integers(0, 3 * CHUNK))
def test_a_cap_is_kept(content, cap):
    sealed = envelope.seal_bytes(content, RECIPIENT)
    if len(content) <= cap:
        assert envelope.open_bytes(sealed, [IDENTITY], cap_bytes=cap) == content
        return
    with pytest.raises(ContentTampered, match="plaintext_size"):
        envelope.open_bytes(sealed, [IDENTITY], cap_bytes=cap)

"""The age envelope: what is sealed to a recipient opens for nobody else, and opens whole or not at all.

Parts are opened in memory, with a cap: first hashes never lie on a disk in clear, and a truncated envelope leaves
nothing behind (docs/adr/0010). Files are written under a temporary name and renamed when they are complete.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pyrage
from pyrage import x25519

from cleanroom.contracts.whole_files import write_whole
from cleanroom.errors import CleanroomError, ContentTampered, KeyRefused


def new_identity() -> tuple[str, str]:
    """A new key pair: (secret identity `AGE-SECRET-KEY-...`, public recipient `age1...`)."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def recipient_of(identity: str) -> str | None:
    """The public half of a secret identity; None for text that is no identity."""
    try:
        return str(x25519.Identity.from_str(identity).to_public())
    except pyrage.IdentityError:
        return None


def seal_bytes(plaintext: bytes, recipient: str) -> bytes:
    return pyrage.encrypt(plaintext, [_recipient(recipient)])


def open_bytes(ciphertext: bytes, identities: Sequence[str], *, cap_bytes: int | None = None) -> bytes:
    """Raises ContentTampered: not for these keys, changed, truncated, or larger than `cap_bytes`."""
    return open_stream(io.BytesIO(ciphertext), identities, cap_bytes=cap_bytes)


def open_stream(source: BinaryIO, identities: Sequence[str], *, cap_bytes: int | None = None) -> bytes:
    sink = _CappedBuffer(cap_bytes)
    try:
        pyrage.decrypt_io(source, sink, [x25519.Identity.from_str(i) for i in identities])
    except CleanroomError:
        raise
    except Exception:  # the library raises several unrelated kinds, and the reason must not become an oracle
        raise _refused(sink) from None
    return sink.getvalue()


def seal_to_file(plaintext: bytes, target: Path, recipient: str) -> None:
    """Encrypt into `target`, which appears only when complete."""
    write_whole(target, lambda file: file.write(seal_bytes(plaintext, recipient)))


def open_to_file(source: Path, target: Path, identities: Sequence[str], *, cap_bytes: int | None = None) -> None:
    """Decrypt `source` into `target`, which appears only when the whole envelope was authentic."""
    with source.open("rb") as file:
        plaintext = open_stream(file, identities, cap_bytes=cap_bytes)
    write_whole(target, lambda out: out.write(plaintext))


class _CappedBuffer(io.BytesIO):
    def __init__(self, cap_bytes: int | None):
        super().__init__()
        self._cap, self.over_cap = cap_bytes, False

    def write(self, data) -> int:
        if self._cap is not None and self.tell() + len(data) > self._cap:
            self.over_cap = True
            raise OSError("over the cap")
        return super().write(data)


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise KeyRefused("the recipient key is not an age X25519 recipient", rule="recipient_form") from None


def _refused(sink: _CappedBuffer) -> ContentTampered:
    if sink.over_cap:
        return ContentTampered("the opened content is larger than was signed", rule="plaintext_size")
    return ContentTampered("the envelope does not open: changed, truncated or sealed to another key", rule="envelope")

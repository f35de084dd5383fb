"""The age envelope: what is sealed to a recipient opens for nobody else, and opens whole or not at all.

Everything runs through as a stream of small pieces, so that memory does not grow with the content; sizes and digests
are reckoned on the way. What must never lie on a disk in clear is opened into memory, with a cap (docs/adr/0010). The
library hands out plaintext before it has seen the end of an envelope: files are therefore written under a temporary
name, and renamed when the whole envelope was authentic; what was opened of a truncated one is removed.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyrage
from pyrage import x25519

from cleanroom.contracts.whole_files import write_whole
from cleanroom.errors import ContentTampered, KeyRefused


@dataclass(frozen=True)
class Digest:
    bytes: int
    sha256: str  # hex


@dataclass(frozen=True)
class Passed:
    """What went through: both sides of the envelope, whole."""

    plaintext: Digest
    ciphertext: Digest


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


# --- in memory ----------------------------------------------------------------------------------------------------


def seal_bytes(plaintext: bytes, recipient: str) -> bytes:
    """Raises KeyRefused for a recipient that is none."""
    return pyrage.encrypt(plaintext, [_recipient(recipient)])


def open_bytes(ciphertext: bytes, identities: Sequence[str], *, cap_bytes: int | None = None) -> bytes:
    """Raises ContentTampered: not for these keys, changed, truncated, or larger than `cap_bytes`."""
    return open_stream(io.BytesIO(ciphertext), identities, cap_bytes=cap_bytes)


def open_stream(source: BinaryIO, identities: Sequence[str], *, cap_bytes: int | None = None) -> bytes:
    """The plaintext as a whole; raises as `open_bytes`."""
    sink = io.BytesIO()
    open_into(source, sink, identities, cap_bytes=cap_bytes)
    return sink.getvalue()


# --- as streams ---------------------------------------------------------------------------------------------------


def seal_into(source: BinaryIO, sink: BinaryIO, recipient: str) -> Passed:
    """Read `source` to its end and write its envelope. Raises KeyRefused for a recipient that is none, and whatever
    OSError the streams raise."""
    plain, sealed, to = _Counted(source), _Counted(sink), [_recipient(recipient)]
    try:
        pyrage.encrypt_io(plain, sealed, to)
    except pyrage.EncryptError:
        raise plain.fault or sealed.fault or OSError("the envelope could not be written") from None
    return Passed(plain.digest(), sealed.digest())


def open_into(source: BinaryIO, sink: BinaryIO, identities: Sequence[str], *, cap_bytes: int | None = None) -> Passed:
    """Open an envelope into `sink`. Raises ContentTampered: not for these keys, changed, truncated, followed by other
    bytes, or larger than `cap_bytes`; and whatever OSError the streams raise. Then `sink` may hold a part that nobody
    may use: throw it away."""
    sealed, plain = _Counted(source), _Counted(sink, cap_bytes)
    try:
        pyrage.decrypt_io(sealed, plain, [x25519.Identity.from_str(i) for i in identities])
    except Exception:  # the library raises several unrelated kinds, and the reason must not become an oracle
        raise plain.fault or sealed.fault or _refused(over_cap=plain.over_cap) from None
    return Passed(plain.digest(), sealed.digest())


def seal_file(source: Path, target: Path, recipient: str) -> Passed:
    """Seal a file of any size; `target` appears only when complete, readable by its owner alone."""
    with source.open("rb") as file:
        return _written(target, lambda out: seal_into(file, out, recipient))


def open_file(source: Path, target: Path, identities: Sequence[str], *, cap_bytes: int | None = None) -> Passed:
    """Open a file of any size; `target` appears only when the whole envelope was authentic."""
    with source.open("rb") as file:
        return _written(target, lambda out: open_into(file, out, identities, cap_bytes=cap_bytes))


def _written(target: Path, work: Callable[[BinaryIO], Passed]) -> Passed:
    done: list[Passed] = []
    write_whole(target, lambda out: done.append(work(out)))
    return done[0]


class _Counted:
    """A stream, read or written, whose bytes are counted and digested as they pass.

    The library hides what a stream raises; `fault` keeps it, so that a full disk is not taken for a forgery.
    """

    def __init__(self, stream: BinaryIO, cap_bytes: int | None = None):
        self._stream, self._cap = stream, cap_bytes
        self._bytes, self._hash = 0, hashlib.sha256()
        self.over_cap = False
        self.fault: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        return self._count(self._trying(lambda: self._stream.read(size)))

    def write(self, data: bytes) -> int:
        if self._cap is not None and self._bytes + len(data) > self._cap:
            self.over_cap = True
            raise OSError("over the cap")
        self._trying(lambda: self._stream.write(data))
        self._count(data)
        return len(data)

    def flush(self) -> None:
        self._trying(self._stream.flush)

    def digest(self) -> Digest:
        return Digest(self._bytes, self._hash.hexdigest())

    def _count(self, data: bytes) -> bytes:
        self._bytes += len(data)
        self._hash.update(data)
        return data

    def _trying(self, call: Callable):
        try:
            return call()
        except OSError as e:
            self.fault = e
            raise


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise KeyRefused(
            "the recipient key is not an age X25519 recipient", zh="收件公鑰非 age X25519 公鑰", rule="recipient_form"
        ) from None


def _refused(*, over_cap: bool) -> ContentTampered:
    if over_cap:
        return ContentTampered(
            "the opened content is larger than was signed", zh="開啟後之內容大於所簽署者", rule="plaintext_size"
        )
    return ContentTampered(
        "the envelope does not open: changed, truncated or sealed to another key",
        zh="封裝無法開啟：內容經變更、截斷，或係封裝予其他金鑰",
        rule="envelope",
    )

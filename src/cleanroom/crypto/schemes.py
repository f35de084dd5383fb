"""Both hashing schemes behind one interface: a first hash at the participant, a second hash in the clean room.

The scheme and the key's id stand in the manifest; an id begins with its scheme's mark, so that a key of one scheme is
never taken for a key of the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cleanroom.crypto import hmac2, r255
from cleanroom.crypto.epochs import Epoch, tokens_of
from cleanroom.errors import KeyRefused
from cleanroom.vocabulary.terms import Scheme

_MARKS = {Scheme.HMAC2: "k1-", Scheme.R255_REKEY: "r1-"}
_KID_BYTES = 8


@dataclass(frozen=True)
class FirstHash:
    """One first-hash key of a participant. Goes to worker processes as it is; its text shows no secret."""

    scheme: Scheme
    secret: bytes = field(repr=False)  # K1, or the participant's own scalar

    @property
    def kid(self) -> str:
        """Names the key without telling anything about it: HKDF output under its own label."""
        return _MARKS[self.scheme] + hmac2.subkey(self.secret, "kid", length=_KID_BYTES).hex()

    def __call__(self, kind: str, identifiers: Iterable[str]) -> list[bytes]:
        """First hashes of canonical identifiers, 32 bytes each, in order."""
        if self.scheme == Scheme.HMAC2:
            return hmac2.stage1(self.secret, self.kid, kind, identifiers)
        return r255.stage1(self.secret, kind, identifiers)


@dataclass(frozen=True)
class SecondHash:
    """What the room does with the first hashes of one submission. Goes to worker processes as it is."""

    epochs: Sequence[Epoch]
    factor: bytes | None = field(default=None, repr=False)  # of the participant's key, where the scheme has one
    aliases: Mapping[str, str] = field(default_factory=dict, repr=False)  # token -> the name that the graph knows

    def __call__(self, kind: str, first_hashes: Iterable[bytes]) -> list[str]:
        """Final tokens, 32 hex digits, in order. Raises MalformedRows for first hashes that the scheme never gives."""
        tokens = tokens_of(self.epochs, kind, self.joint(first_hashes))
        return [self.aliases.get(token, token) for token in tokens] if self.aliases else tokens

    def joint(self, first_hashes: Iterable[bytes]) -> list[bytes]:
        """First hashes as they would be under the key that all participants share."""
        return list(first_hashes) if self.factor is None else r255.convert(self.factor, first_hashes)


def new_key(scheme: Scheme) -> FirstHash:
    return FirstHash(scheme, r255.new_scalar() if scheme == Scheme.R255_REKEY else hmac2.new_root())


def check_kid(scheme: Scheme, kid: str) -> None:
    """Raises KeyRefused where the key's id belongs to another scheme."""
    if not kid.startswith(_MARKS[scheme]):
        raise KeyRefused(
            "the first-hash key named belongs to another scheme than the one named",
            zh="所指一次雜湊金鑰之雜湊方式與所載者不同",
            rule="scheme",
        )

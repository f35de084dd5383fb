"""The second keyed hash and its epochs.

    token(1) = first 16 bytes of HMAC-SHA256(subkey of K2_1 for the kind, first hash)        `hmac2.stage2`
    token(e) = first 16 bytes of HMAC-SHA256(subkey of K2_e, token(e-1))                     `wrap`

A later epoch wraps the one before it, so that the tokens that the warehouse keeps are brought to it without any first
hash, and a new identifier reaches the same token through all epochs. Who would test an identifier against tokens of
epoch e needs the first-hash key and every K2 up to e. The kind is in token(1) already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cleanroom.crypto import hmac2


@dataclass(frozen=True)
class Epoch:
    number: int  # from 1
    root: bytes = field(repr=False)  # K2 of this epoch


def tokens_of(epochs: Sequence[Epoch], kind: str, first_hashes: Iterable[bytes]) -> list[str]:
    """Final tokens, 32 hex digits, in order. `epochs`: all of them, the first one first."""
    first, *later = epochs
    tokens = hmac2.stage2(first.root, str(first.number), kind, first_hashes)
    for epoch in later:
        tokens = wrap(epoch, tokens)
    return tokens


def wrap(epoch: Epoch, tokens: Iterable[str]) -> list[str]:
    """Tokens of the epoch before this one to tokens of this one, in order."""
    keyed = hmac2.keyed(hmac2.subkey(epoch.root, f"wrap/{epoch.number}"))
    return [keyed(bytes.fromhex(token)).hexdigest()[: 2 * hmac2.TOKEN_BYTES] for token in tokens]

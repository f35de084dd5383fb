"""Canaries: first hashes of three published dummy identifiers, written in an awkward spelling on purpose.

They travel in every manifest. A participant with another key or another normaliser gets other canaries, and is
refused before its tokens could fail to join. They tell nothing of a real person: nobody has these identifiers.
"""

from collections.abc import Callable, Iterable

from cleanroom.crypto.identifiers import canonical
from cleanroom.vocabulary.terms import IdentifierKind

# kind -> (institution, raw spelling); full-width, padding and punctuation exercise the normaliser.
DUMMIES: dict[IdentifierKind, tuple[str | None, str]] = {
    IdentifierKind.NATIONAL_ID: (None, " ａ１２３４５６７８９ "),
    IdentifierKind.ACCOUNT: ("000", "１２３４５６"),
    IdentifierKind.PHONE: (None, "０９００-０００-０００"),
}


def canaries_under(stage1: Callable[[str, Iterable[str]], list[bytes]]) -> dict[str, str]:
    """`stage1(kind, canonical identifiers)`; the answer maps kind to 64 hex digits."""
    return {
        kind.value: stage1(kind.value, [canonical(kind, raw, institution=code)])[0].hex()
        for kind, (code, raw) in DUMMIES.items()
    }

"""The room's pins: which scheme and first-hash keys the participants agreed on, and which keys are closed.

One file beside the room's ring, owner-only, replaced whole. It holds no secret; whoever changes it decides which keys
the intake believes.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from cleanroom.contracts.whole_files import taking_turns, write_whole
from cleanroom.crypto import canaries
from cleanroom.crypto.canaries import Card, Pins
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.errors import KeyRefused, ManifestMalformed, Where
from cleanroom.settings import RoomSettings
from cleanroom.vocabulary.terms import Scheme


def pin_file(settings: RoomSettings) -> Path:
    """Where the room keeps what the participants agreed on."""
    return settings.keys / "canaries.json"


def read_pins(settings: RoomSettings) -> Pins:
    """Empty where nothing is pinned yet. Raises KeyRefused for a file that is damaged: nothing is believed then."""
    path = pin_file(settings)
    if not path.exists():
        return Pins()
    try:
        kept = json.loads(path.read_bytes())
        return Pins(Scheme(kept["scheme"]), dict(kept["agreed"]), frozenset(kept["closed"]))
    except (ValueError, KeyError, TypeError):
        raise KeyRefused(
            "the file of pinned canaries is damaged; restore its backup",
            zh="測試值登錄檔毀損；請自備份還原",
            rule="pins_damaged",
        ) from None


def pin(settings: RoomSettings, card: Card, *, ring: RoomKeyRing) -> None:
    """Tell the room which first-hash key was agreed on. Raises CanaryMismatch, KeyRefused; see `canaries.pinned`."""
    _change(settings, lambda pins: canaries.pinned(pins, card, ring))


def close_key(settings: RoomSettings, hash_kid: str) -> None:
    """Take nothing in any more under a first-hash key. Raises KeyRefused where no key would remain."""

    def close(pins: Pins) -> Pins:
        if pins.scheme == Scheme.HMAC2 and not set(pins.agreed) - pins.closed - {hash_kid}:
            raise KeyRefused(
                "this is the last first-hash key; pin the one that follows it first",
                zh="此為最後一把一次雜湊金鑰；請先登錄其後續金鑰",
                rule="hash_kid_last",
            )
        return replace(pins, closed=pins.closed | {hash_kid})

    _change(settings, close)


def read_card(path: Path) -> Card:
    """What `cleanroom keys canaries` printed at a participant. Raises ManifestMalformed for another file."""
    try:
        shown = json.loads(path.read_text(encoding="utf-8"))
        hashes = {str(kind): bytes.fromhex(value).hex() for kind, value in shown["canaries"].items()}
        return Card(str(shown["participant"]), Scheme(shown["scheme"]), str(shown["hash_kid"]), hashes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        where = Where(file=path.name)
        raise ManifestMalformed(
            "this is not what `cleanroom keys canaries` prints",
            zh="此檔並非 cleanroom keys canaries 之輸出",
            where=where,
        ) from None


def card_text(card: Card) -> str:
    return json.dumps(asdict(card), indent=1)


def _change(settings: RoomSettings, change: Callable[[Pins], Pins]) -> None:
    settings.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    with taking_turns(settings.keys):
        before = read_pins(settings)
        after = change(before)
        if after == before:
            return
        kept = {"scheme": after.scheme, "agreed": after.agreed, "closed": sorted(after.closed)}
        text = json.dumps(kept, indent=1, sort_keys=True).encode()
        write_whole(pin_file(settings), lambda file: file.write(text))

"""An age envelope, as whoever can write to the inbox may leave it: it opens whole, or it is refused."""

from tests.fuzz.running import OneInput, main

EDITS = b"\1"
SEEDS = [EDITS, EDITS + bytes([0, 30, 2]), EDITS + bytes([1, 0, 0]), b"age-encryption.org/v1\n-> X25519 ", b"\xff", b""]
FOUND: list[bytes] = []
WORDS = ["age-encryption.org/v1", "-> X25519 ", "-> scrypt ", "---", "-> ssh-ed25519 "]


def target() -> OneInput:
    from cleanroom.crypto import envelope
    from tests.fuzz.part import changed

    identity, recipient = envelope.new_identity()
    good = envelope.seal_bytes(b"content" * 20_000, recipient)

    def one_input(data: bytes) -> bool:
        raw = changed(good, data[1:]) if data[:1] == EDITS else data
        envelope.open_bytes(raw, [identity], cap_bytes=200_000)
        return True

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)

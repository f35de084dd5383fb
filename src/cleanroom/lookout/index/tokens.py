"""Account tokens to dense account numbers and back, in the order of first appearance."""

import numpy as np

from cleanroom.lookout.index.arranging import words, zeros
from cleanroom.lookout.kernels.loading import kernels

UNKNOWN = np.uint32(0xFFFFFFFF)
_LEAST_CAPACITY = 1 << 10
_FULL = 0.6  # of the slots: beyond it probing gets long
_PACKED = 1.7  # slots per account of a table that no longer grows: 13.6 bytes an account


class TokenTable:
    """Numbers of tokens: `slots` uint64[capacity] (see `indexing_tokens`), `tokens` uint8[count, 16]."""

    def __init__(self, slots: np.ndarray, tokens: np.ndarray, seed: int):
        self.slots = slots
        self.tokens = tokens
        self.seed = seed
        self._ring = np.empty(64, dtype=np.uint64)

    def __len__(self) -> int:
        return len(self.tokens)

    def find(self, tokens: np.ndarray) -> np.ndarray:
        """uint32[n]: the number of each of the tokens uint8[n, 16], UNKNOWN where it has none."""
        numbers = np.empty(len(tokens), dtype=np.uint32)
        self.find_into(tokens, numbers)
        return numbers

    def find_into(self, tokens: np.ndarray, numbers: np.ndarray) -> None:
        """As `find`. While another thread takes tokens in, one of those may still be UNKNOWN."""
        slots, known = self.slots, self.tokens
        ring = np.empty(64, dtype=np.uint64)  # readers share the table between threads
        kernels("indexing_tokens").find_tokens(
            words(tokens), len(tokens), slots, len(slots), words(known), len(known), self.seed, ring, numbers
        )

    def packed(self, add: int = 0) -> np.ndarray:
        """Slots with the numbers raised by `add`, in the room that a finished table needs."""
        slots = zeros(packed_capacity(len(self)), np.uint64)
        move(self.slots, slots, add)
        return slots


class GrowingTable(TokenTable):
    """A table in memory that takes new tokens in."""

    def __init__(self, seed: int):
        super().__init__(zeros(_LEAST_CAPACITY, np.uint64), np.empty((0, 16), dtype=np.uint8), seed)
        self._room = np.empty((0, 16), dtype=np.uint8)
        self._count = np.zeros(1, dtype=np.int64)

    def intern(self, tokens: np.ndarray) -> np.ndarray:
        """uint32[n]: as `find`; a token that is not known gets the next number."""
        numbers = np.empty(len(tokens), dtype=np.uint32)
        self.intern_into(tokens, numbers)
        return numbers

    def intern_into(self, tokens: np.ndarray, numbers: np.ndarray) -> None:
        given, kernel, row = words(tokens), kernels("indexing_tokens").intern_tokens, 0
        while row < len(tokens):
            self._make_room()
            limit = min(len(self._room), int(len(self.slots) * _FULL))
            known, capacity = words(self._room), len(self.slots)
            row = kernel(
                given, row, len(tokens), self.slots, capacity, known, self._count, limit, self.seed, self._ring, numbers
            )
        self.tokens = self._room[: self._count[0]]

    def intern_rest(self, tokens: np.ndarray, numbers: np.ndarray) -> None:
        """Numbers for those of the tokens that `find_into` left UNKNOWN."""
        unknown = np.flatnonzero(numbers == UNKNOWN)
        if len(unknown):
            numbers[unknown] = self.intern(tokens[unknown])

    def _make_room(self) -> None:
        count = int(self._count[0])
        if count >= int(len(self.slots) * _FULL):
            wider = zeros(len(self.slots) * 2, np.uint64)
            move(self.slots, wider, 0)
            self.slots = wider
        if count == len(self._room):
            room = np.empty((max(_LEAST_CAPACITY, 2 * count), 16), dtype=np.uint8)
            room[:count] = self._room[:count]
            self._room = room


def move(slots: np.ndarray, wider: np.ndarray, add: int) -> None:
    kernels("indexing_tokens").move_slots(slots, len(slots), wider, len(wider), add)


def packed_capacity(accounts: int) -> int:
    return max(_LEAST_CAPACITY, int(accounts * _PACKED))

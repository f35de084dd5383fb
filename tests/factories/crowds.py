"""Graphs of some thousand transfers, made fast: too big for the reference, so that engines are held against each other.

Few moments, few accounts that send and receive much, a part of the transfers in the delta, new accounts there.
"""

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.index.arranging import arrange

MINUTE_US = 60_000_000


def crowd(
    transfers: int = 6_000, accounts: int = 900, *, minutes: int = 2_000, late: int = 500, seed: int = 7
) -> Graph:
    """Times 0 to `minutes` minutes after 1970; `late`: how many of the transfers are in the delta, anywhere in time."""
    random = np.random.default_rng(seed)
    sender, receiver = (_some(random, transfers, accounts) for _ in range(2))
    columns = (
        random.integers(0, minutes, transfers) * MINUTE_US,
        sender,
        receiver,
        random.integers(1, 10_000, transfers),
        np.frombuffer(random.bytes(16 * transfers), np.uint8).reshape(-1, 16),
    )
    in_delta = np.zeros(transfers, bool)
    in_delta[random.choice(transfers, late, replace=False)] = True
    known = accounts - 50  # the rest is new with the delta
    in_delta |= (sender >= known) | (receiver >= known)
    base = arrange(*(column[~in_delta] for column in columns), accounts=known)
    delta = arrange(*(column[in_delta] for column in columns), compact=True) if late else None
    tokens = np.frombuffer(random.bytes(16 * accounts), np.uint8).reshape(-1, 16)
    return Graph(tokens, base, delta, 5)


def _some(random: np.random.Generator, count: int, accounts: int) -> np.ndarray:
    """Heavy-tailed: a few accounts have hundreds, most have a handful."""
    return (accounts * random.random(count) ** 2.5).astype(np.uint32)

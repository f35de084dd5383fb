"""Which accounts a time-respecting walk from each start reaches, for all starts in one pass over the transfers.

A bit per start: `masks[k][account]` holds the starts that reach the account with exactly k transfers, each strictly
after the one before. Used to say of a known pattern which of its accounts can be reached and which cannot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cleanroom.evaluation.ledger import Ledger


@dataclass(frozen=True)
class Start:
    """Forward: what leaves the account after `at_us`. Backward: what came to it before `at_us`."""

    account: int
    at_us: int


def nearest_layers(
    ledger: Ledger, starts: Sequence[Start], *, layers: int, backward: bool = False
) -> list[dict[int, int]]:
    """Per start: account -> least number of transfers, 0 for the start itself, for what is within `layers`."""
    masks: list[dict[int, int]] = [{} for _ in range(layers + 1)]
    waiting = sorted(enumerate(starts), key=lambda x: x[1].at_us, reverse=backward)
    for moment, steps in _moments(ledger, backward=backward):
        while waiting and _begun(waiting[0][1].at_us, moment, backward=backward):
            number, start = waiting.pop(0)
            masks[0][start.account] = masks[0].get(start.account, 0) | 1 << number
        _walk(masks, steps)
    for number, start in waiting:
        masks[0][start.account] = masks[0].get(start.account, 0) | 1 << number
    return _per_start(masks, len(starts))


def _begun(at_us: int, moment: int, *, backward: bool) -> bool:
    return at_us > moment if backward else at_us < moment


def _moments(ledger: Ledger, *, backward: bool) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Steps (from, to) of one moment together: transfers of the same moment do not follow each other."""
    source, target = (ledger.receiver, ledger.sender) if backward else (ledger.sender, ledger.receiver)
    source, target, at = source.tolist(), target.tolist(), ledger.executed_us
    cuts = np.flatnonzero(np.r_[True, at[1:] != at[:-1]]) if len(at) else np.empty(0, dtype=np.int64)
    spans = list(zip(cuts.tolist(), [*cuts[1:].tolist(), len(at)], strict=True))
    for first, last in reversed(spans) if backward else spans:
        yield int(at[first]), list(zip(source[first:last], target[first:last], strict=True))


def _walk(masks: list[dict[int, int]], steps: list[tuple[int, int]]) -> None:
    found = []
    for source, target in steps:
        for k, mask in enumerate(masks[:-1]):
            reached = mask.get(source)
            if reached:
                found.append((k + 1, target, reached))
    for layer, target, reached in found:
        masks[layer][target] = masks[layer].get(target, 0) | reached


def _per_start(masks: list[dict[int, int]], starts: int) -> list[dict[int, int]]:
    nearest: list[dict[int, int]] = [{} for _ in range(starts)]
    for layer, mask in enumerate(masks):
        for account, bits in mask.items():
            while bits:
                lowest = bits & -bits
                nearest[lowest.bit_length() - 1].setdefault(account, layer)
                bits ^= lowest
    return nearest

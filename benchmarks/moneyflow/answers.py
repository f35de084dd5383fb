"""Digests of answers: equal when the accounts, layers and moments are, whatever their order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_ODD = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], dtype=np.uint64)


@dataclass
class Digest:
    """Counts what it was given and adds up a 64-bit mix of each row, so rows may come in parts and in any order."""

    rows: int = 0
    total: int = 0

    def add(self, tokens: np.ndarray, layer: int | np.ndarray, at_us: np.ndarray | None = None) -> "Digest":
        """`tokens` uint8[n, 16], `layer` for all or each, `at_us` int64[n] where moments are compared."""
        halves = np.ascontiguousarray(tokens).reshape(-1).view(np.uint64).reshape(-1, 2)
        mixed = _mixed(halves[:, 0] ^ _mixed(halves[:, 1] + np.asarray(layer).astype(np.uint64) * _ODD[0]))
        if at_us is not None:
            mixed = _mixed(mixed ^ at_us.astype(np.int64).view(np.uint64))
        self.rows += len(mixed)
        self.total = (self.total + int(mixed.sum(dtype=np.uint64))) % 2**64
        return self

    def __str__(self) -> str:
        return f"{self.rows} rows, {self.total:016x}"


@dataclass(frozen=True)
class Layer:
    """The first arrival at each account of one layer: `account` in the engine's own numbers, `at_us`, and the number
    of the transfer that brought it in the order of (executed_at, transfer_id), where the engine gives it. int64[n].
    """

    account: np.ndarray
    at_us: np.ndarray
    via: np.ndarray | None = None


def digests(
    question: str, layers: Sequence[Layer], tokens: np.ndarray, *, starts: np.ndarray | None = None
) -> dict[str, str]:
    """Of layers 1, 2, ..: arrivals with their moments, and which transfers explain them. `tokens` by account number.

    With `starts` (account numbers) also each other account's nearest layer.
    """
    arrivals, explained = Digest(), Digest()
    for number, layer in enumerate(layers, start=1):
        of = tokens[layer.account]
        arrivals.add(of, number, layer.at_us)
        if layer.via is not None:
            explained.add(of, number, layer.via)
    given = {f"{question}, arrivals": str(arrivals)}
    if layers[0].via is not None:
        given[f"{question}, explained by"] = str(explained)
    if starts is not None:
        given[f"{question}, nearest layers"] = nearest_digest(_nearest(layers, len(tokens)), tokens, starts)
    return given


def nearest_digest(nearest: np.ndarray, tokens: np.ndarray, starts: np.ndarray) -> str:
    """`nearest` int8 by account number, -1 where no walk gets to; the starts do not count."""
    reached = nearest >= 0
    reached[starts] = False
    return str(Digest().add(tokens[reached], nearest[reached]))


def _nearest(layers: Sequence[Layer], accounts: int) -> np.ndarray:
    nearest = np.full(accounts, -1, np.int8)
    for number in range(len(layers), 0, -1):
        nearest[layers[number - 1].account] = number
    return nearest


def _mixed(values: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014): every bit of the input moves half of the output's."""
    values = values + _ODD[0]
    values = (values ^ (values >> np.uint64(30))) * _ODD[1]
    values = (values ^ (values >> np.uint64(27))) * _ODD[2]
    return values ^ (values >> np.uint64(31))


def disagreements(answers: dict[str, dict[str, str]]) -> list[str]:
    """Sentences, one per question on which engines differ. `answers`: engine -> question -> digest."""
    questions = sorted({question for given in answers.values() for question in given})
    sentences = []
    for question in questions:
        given = {engine: found[question] for engine, found in answers.items() if question in found}
        if len(set(given.values())) > 1:
            sentences.append(f"{question}: " + "; ".join(f"{engine} says {what}" for engine, what in given.items()))
    return sentences


def compared(answers: dict[str, dict[str, str]]) -> int:
    """How many questions were answered by two engines or more."""
    questions = [question for given in answers.values() for question in given]
    return sum(questions.count(question) > 1 for question in set(questions))

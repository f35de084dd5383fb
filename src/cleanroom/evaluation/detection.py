"""How many of the accounts at the top of the ranking, and of those warned about, were really mules."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Z_95 = 1.959963984540054
Truth = Mapping[str, Sequence[Mapping[str, str]]]  # account token -> its patterns: {"pattern", "typology"}


@dataclass(frozen=True)
class Detection:
    """`truth`: accounts that could have been found. Rates are None where their denominator is zero."""

    chosen: int
    hits: int
    truth: int

    @property
    def precision(self) -> float | None:
        return self.hits / self.chosen if self.chosen else None

    @property
    def recall(self) -> float | None:
        return self.hits / self.truth if self.truth else None

    def body(self) -> dict:
        return {
            "chosen": self.chosen,
            "hits": self.hits,
            "truth": self.truth,
            "precision": self.precision,
            "precision_interval": wilson(self.hits, self.chosen),
            "recall": self.recall,
            "recall_interval": wilson(self.hits, self.truth),
        }


def detect(chosen: Collection[str], truth: Collection[str]) -> Detection:
    """`chosen` and `truth` are account tokens; both are taken as sets."""
    chosen, truth = set(chosen), set(truth)
    return Detection(len(chosen), len(chosen & truth), len(truth))


def by_capacity(ranking: Sequence[str], truth: Collection[str], capacities: Sequence[int]) -> list[dict]:
    """One entry per capacity: the first so many accounts of the ranking against the truth."""
    return [{"capacity": n, **detect(ranking[:n], truth).body()} for n in capacities]


def by_typology(chosen: Collection[str], findable: Collection[str], truth: Truth) -> dict[str, dict[str, int]]:
    """Per typology: how many of its findable accounts were chosen. An account of several patterns counts in each."""
    accounts: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for token in findable:
        kinds = {p["typology"] for p in truth[token]}
        accounts.update(kinds)
        found.update(kinds if token in chosen else ())
    return {kind: {"accounts": accounts[kind], "found": found[kind]} for kind in sorted(accounts)}


def wilson(hits: int, cases: int) -> list[float] | None:
    """95 % Wilson score interval of a proportion; None without cases."""
    if not cases:
        return None
    p, z2 = hits / cases, Z_95**2
    centre = (p + z2 / (2 * cases)) / (1 + z2 / cases)
    half = Z_95 / (1 + z2 / cases) * math.sqrt(p * (1 - p) / cases + z2 / (4 * cases**2))
    return [max(0.0, centre - half), min(1.0, centre + half)]

"""Groundedness: how much of an answer's wording stands in the passages that it was given.

The share of the answer's 3-grams that occur in a passage: of characters for Chinese, of words for English, and of both
where scripts mix (a Latin word or a number counts as one step). N-grams do not cross the end of a sentence; a sentence
of one or two steps counts as one n-gram. The AI label's line and the citations are left out. It finds invented wording;
it does not see a denial, which takes few steps.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from cleanroom.governance.generative.figures import evidence_passages
from cleanroom.governance.generative.labels import without_label
from cleanroom.governance.generative.texts import KEPT, fold, sentences, tokens, uncited
from cleanroom.governance.generative.transcripts import Transcript

LENGTH = 3
Gram = tuple[str, ...]


def groundedness(transcript: Transcript) -> float | None:
    """0 to 1; None where the answer has no words beside label and citations."""
    said = list(grams(uncited(without_label(fold(transcript.output)))))
    if not said:
        return None
    known = frozenset[Gram]().union(*(_known(p.text) for p in evidence_passages(transcript)))
    return sum(g in known for g in said) / len(said)


def grams(folded: str) -> Iterator[Gram]:
    """Every 3-gram, sentence by sentence, in order, repeats included."""
    for sentence in sentences(folded):
        steps = tokens(sentence)
        if steps:
            yield from (
                zip(*(steps[i:] for i in range(LENGTH)), strict=False) if len(steps) >= LENGTH else [tuple(steps)]
            )


def overlap(first: str, second: str) -> float:
    """Jaccard overlap of two texts' 3-grams: 1 for the same wording, 0 for none in common."""
    a, b = (set(grams(uncited(fold(text)))) for text in (first, second))
    return len(a & b) / len(a | b) if a | b else 1.0


@lru_cache(maxsize=KEPT)
def _known(text: str) -> frozenset[Gram]:
    return frozenset(_with_parts(grams(fold(text))))


def _with_parts(found: Iterable[Gram]) -> Iterator[Gram]:
    """The shorter n-grams inside too, which short sentences of an answer are compared with."""
    for gram in found:
        for length in range(1, len(gram) + 1):
            yield from (gram[i : i + length] for i in range(len(gram) - length + 1))

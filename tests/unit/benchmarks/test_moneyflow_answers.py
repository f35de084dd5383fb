"""Digests tell every difference and no order."""

import numpy as np
import pytest

from benchmarks.moneyflow.answers import Digest, Layer, compared, digests, disagreements, nearest_digest
from benchmarks.moneyflow.asking import numbers

RANDOM = np.random.default_rng(3)
TOKENS = RANDOM.integers(0, 256, (50, 16), np.uint8)
LAYERS = RANDOM.integers(1, 7, 50)
MOMENTS = RANDOM.integers(0, 10**15, 50)


def digest(tokens=TOKENS, layers=LAYERS, moments=MOMENTS):
    return str(Digest().add(tokens, layers, moments))


def test_neither_order_nor_parts_matter():
    order = RANDOM.permutation(50)
    parts = Digest()
    for rows in (order[:20], order[20:]):
        parts.add(TOKENS[rows], LAYERS[rows], MOMENTS[rows])
    assert str(parts) == digest(TOKENS[order], LAYERS[order], MOMENTS[order]) == digest()


@pytest.mark.parametrize("changed", ["tokens", "layers", "moments"])
def test_one_changed_value_shows(changed):
    columns = {"tokens": TOKENS.copy(), "layers": LAYERS.copy(), "moments": MOMENTS.copy()}
    columns[changed][7] += 1
    assert digest(**columns) != digest()


def test_a_row_more_or_twice_shows():
    assert digest(TOKENS[:49], LAYERS[:49], MOMENTS[:49]) != digest()
    twice = [*range(49), 48]
    assert digest(TOKENS[twice], LAYERS[twice], MOMENTS[twice]) != digest()


def test_swapped_layers_show_though_the_sums_are_the_same():
    swapped = LAYERS.copy()
    swapped[[0, 1]] = 2, 5
    other = LAYERS.copy()
    other[[0, 1]] = 5, 2
    assert digest(layers=swapped) != digest(layers=other)


def test_the_nearest_layer_is_the_first_and_starts_do_not_count():
    layers = [Layer(np.array([3, 4]), np.array([1, 2])), Layer(np.array([4, 5, 9]), np.array([3, 4, 5]))]
    nearest = np.full(50, -1, np.int8)
    nearest[[3, 4, 5]] = 1, 1, 2
    given = digests("asked", layers, TOKENS, starts=np.array([9]))
    assert given["asked, nearest layers"] == nearest_digest(nearest, TOKENS, np.array([9]))
    assert "asked, explained by" not in given


def test_who_differs_is_named():
    given = {"one": {"a": "1", "b": "2"}, "two": {"a": "1", "b": "3"}, "three": {"c": "4"}}
    assert disagreements(given) == ["b: one says 2; two says 3"]
    assert compared(given) == 2


def test_tokens_are_found_by_all_their_bytes():
    twin = TOKENS.copy()
    twin[8, :8] = twin[30, :8]  # the same first half
    assert numbers(twin, twin[[30, 8, 2]]).tolist() == [30, 8, 2]
    with pytest.raises(KeyError):
        numbers(twin, np.zeros((1, 16), np.uint8))

"""Every harness takes its good input, answers its odd ones, and keeps what was once found."""

import random

import pytest

from tests.fuzz.running import answered, harnesses

HARNESSES = harnesses()
assert len(HARNESSES) >= 5


@pytest.fixture(scope="module")
def one_inputs():
    return {}


@pytest.mark.parametrize("name", HARNESSES)
def test_seeds_and_findings(name, one_inputs):
    harness = HARNESSES[name]
    one_input = one_inputs.setdefault(name, harness.target())
    assert answered(one_input, harness.SEEDS[0]), "the good input is not taken, so the search would begin nowhere"
    refused = [data for data in harness.SEEDS + harness.FOUND if not answered(one_input, data)]
    assert refused, "no seed is refused"


@pytest.mark.parametrize("name", HARNESSES)
def test_a_few_changed_bytes(name, one_inputs):
    """The same few hundred changes in every run; the search itself is `make fuzz`."""
    harness = HARNESSES[name]
    one_input = one_inputs.setdefault(name, harness.target())
    dice, refused = random.Random(name), 0
    for data in harness.SEEDS * 20:
        refused += not answered(one_input, _changed(data[:4096], dice))
    assert refused


def _changed(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(dice.randint(1, 4)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed[: dice.randint(0, len(changed))]) if dice.random() < 0.2 else bytes(changed)

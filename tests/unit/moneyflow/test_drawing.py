"""Drawings say what they mean, or are refused."""

import pytest

from tests.factories.drawing import at, cents, clock, dollars, draw


def test_a_line_is_a_transfer():
    flow = draw("""
        W -> A  09:00
        pay: A -> B  day 2 10:30:05  $250.07  reversed""")
    first, second = flow.transfers
    assert (first.transfer_id, first.sender, first.receiver, first.amount_cents) == ("t1", "W", "A", 100)
    assert (second.transfer_id, second.executed_at, second.amount_cents) == ("pay", at("day 2 10:30:05"), 25_007)
    assert flow.carried() == [first]


@pytest.mark.parametrize("text", ["", "W A 09:00", "W -> A", "W -> A 9", "W -> A 09:00 250", "W -> A 09:00 $1.5"])
def test_what_is_no_drawing_is_refused(text):
    with pytest.raises(AssertionError):
        draw(text)


@pytest.mark.parametrize("text", ["09:00", "09:00:30", "day 3 09:00", "day -2 23:59:59", "day 0 00:00"])
def test_moments_are_told_as_they_were_drawn(text):
    assert clock(at(text)) == text


@pytest.mark.parametrize("text", ["0.01", "0.10", "250", "250.07"])
def test_sums_are_told_as_they_were_drawn(text):
    assert dollars(cents(text)) == f"${text}"

"""Drawings stay inside their frame, and their labels are read as they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.results.charts import DIGIT, Curve, Item, bar_chart, curve_chart, line_chart

MONEY = st.floats(-1e11, 1e11)


@given(values=st.lists(MONEY | st.floats(0, 2), min_size=1, max_size=8))
def test_the_longest_label_at_the_axis_stays_inside(values):
    curve = Curve("together", values, [(value - 1, value + 1) for value in values])
    chart = curve_chart(range(len(values)), [curve])
    figures = [figure for _y, figure in chart.grid]
    assert len(figures) == len(set(figures)) >= 2 and "0" in figures
    assert chart.left - 8 >= max(len(figure) for _y, figure in chart.grid) * DIGIT
    assert all(chart.left <= point.x <= chart.width for point in chart.curves[0].points)


@pytest.mark.parametrize(
    ("most", "figures"),
    [(0.825, ["0", "0.2", "0.4", "0.6", "0.8"]), (8.4, ["0", "2", "4", "6", "8"]), (60, [*map(str, range(0, 70, 10))])],
)
def test_the_axis_of_layers_has_round_numbers(most, figures):
    chart = line_chart([("0", 0.0), ("1", most)], unit="s")
    assert [figure for _y, figure in chart.grid] == figures
    assert chart.left - 8 >= max(map(len, figures)) * DIGIT
    assert all(16 <= y <= chart.base for y, _figure in chart.grid)


@given(values=st.lists(st.floats(-1e11, 1e11).map(round), min_size=1, max_size=8))
def test_bars_fill_their_frame_and_stand_below_their_words(values):
    chart = bar_chart([Item(str(n), value, f"{value:,.0f} TWD") for n, value in enumerate(values)])
    assert len(chart.bars) == len(values)
    assert all(0 <= bar.length <= chart.width for bar in chart.bars)
    assert max(bar.length for bar in chart.bars) == (chart.width if max(values) >= 1 else 0)
    assert all(bar.y >= 20 and bar.y + chart.bar <= chart.height for bar in chart.bars)

"""The search of the leak tests, which looks for all secrets at once, finds what looking for each of them finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import leaks
from tests.factories.leaks import Needles, Scanner

needles = st.lists(st.text("ab\0", min_size=6, max_size=9).map(str.encode), min_size=1, max_size=5)


@given(needles=needles, around=st.text("ab\0", max_size=60).map(str.encode), data=st.data())
def test_it_finds_what_looking_for_each_finds(needles, around, data):
    planted = data.draw(st.sampled_from([*needles, b""]))
    content = around + planted + around[::-1]
    labelled = [(f"needle {n}", needle) for n, needle in enumerate(needles)]
    found = Needles(labelled).in_(content)
    assert found == [label for label, needle in labelled if needle in content]
    assert found or not planted


@pytest.mark.parametrize("at_once", [1, 5, 6, 7, 64])
def test_a_needle_across_two_parts_is_found(monkeypatch, at_once):
    monkeypatch.setattr(leaks, "_AT_ONCE", at_once)
    for before in range(20):
        content = b"." * before + b"secret words" + b"." * 7
        assert Needles([("it", b"secret words"), ("no", b"secret work")]).in_(content) == ["it"]


def test_what_was_clean_once_is_looked_at_again_where_it_lies_beside_a_leak(tmp_path):
    scanner = Scanner({"it": b"A123456789"})
    for name, content in {"a": b"nothing here", "b": b"nothing here", "c": b"A123456789", "d": b"A123456789"}.items():
        (tmp_path / name).write_bytes(content)
    assert [leak.place[-1] for leak in scanner.leaks_in([tmp_path])] == ["c", "d"]
    assert scanner.looked_at == 4

"""One text that holds both languages is parted where it was joined; a person's own text stands for both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.vocabulary.both import Both, parted

ENGLISH = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), min_size=1)
CHINESE = st.text(st.sampled_from("影子運行已滿十四日，a1 "), min_size=1).map(lambda t: f"已{t}")


@given(ENGLISH, CHINESE)
def test_what_was_joined_is_parted_again(en, zh_hant):
    assert parted(Both(en, zh_hant).as_text) == Both(en, zh_hant)


@pytest.mark.parametrize("text", ["a / b", "已核准 / 已發布", "only one", "", "1 / 2 / 3"])
def test_one_language_stands_for_both(text):
    assert parted(text) == Both(text, text)

"""Whose evidence pack is asked for: a name that the portal does not know is a sentence in both languages."""

import pytest

from cleanroom.errors import NotFound
from cleanroom.pipeline import evidence_pack
from cleanroom.settings import RoomSettings
from tests.factories.scoring_room import portal


def test_a_release_that_the_portal_does_not_hold_is_told_in_both_languages(tmp_path):
    with pytest.raises(NotFound, match="no release of that id") as refused:
        evidence_pack.judged_now(RoomSettings(home=tmp_path), portal(), "another")
    assert refused.value.zh.startswith("入口網站無此代號之發布")
    assert "another" not in refused.value.sentence + refused.value.zh

"""Two rehearsals never share a folder."""

import pytest

from cleanroom.errors import NotAllowed
from cleanroom.pipeline.rehearsal.alone import alone_in


def test_a_second_rehearsal_on_the_same_folder_is_refused_until_the_first_has_ended(tmp_path):
    home, other = tmp_path / "home", tmp_path / "other"
    with alone_in(home), alone_in(other), pytest.raises(NotAllowed, match="name another folder"), alone_in(home):
        pass
    with alone_in(home):
        assert (home / ".rehearsal").exists()

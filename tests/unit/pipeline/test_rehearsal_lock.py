"""Two rehearsals never share a folder."""

import pytest

from cleanroom.errors import NotAllowed
from cleanroom.pipeline.rehearsal.run import _alone


def test_a_second_rehearsal_on_the_same_folder_is_refused_until_the_first_has_ended(tmp_path):
    home, other = tmp_path / "home", tmp_path / "other"
    with _alone(home), _alone(other), pytest.raises(NotAllowed, match="--workdir"), _alone(home):
        pass
    with _alone(home):
        assert (home / ".rehearsal").exists()

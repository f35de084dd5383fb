"""The engines that figures are counted on. Every module has a warehouse of its own on the one emulator."""

import pytest

from cleanroom.settings import RoomSettings


@pytest.fixture(scope="module", params=["duckdb", pytest.param("bigquery", marks=pytest.mark.emulator)])
def settings(request, tmp_path_factory):
    home = tmp_path_factory.mktemp("room")
    if request.param == "duckdb":
        return RoomSettings(home=home)
    endpoint = request.getfixturevalue("emulator")
    prefix = request.module.__name__.rsplit(".", 1)[-1]
    return RoomSettings(home=home, warehouse=f"bigquery://contract/{prefix}?endpoint={endpoint}")

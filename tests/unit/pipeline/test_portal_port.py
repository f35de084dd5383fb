"""A rehearsal whose portal took another port is found from its folder alone; a file never sends a token elsewhere."""

import pytest

from cleanroom import cli
from cleanroom.cli.rehearsals import _for_other_terminals
from cleanroom.errors import SettingsInvalid
from cleanroom.pipeline.rehearsal.run import noted_port
from cleanroom.settings import CHINESE, ENGLISH, PORTAL_PORT_NOTE, ParticipantSettings, RoomSettings

USUAL = "http://127.0.0.1:8000"


def urls(home, **more):
    env = {"CLEANROOM_HOME": str(home), **more}
    return {RoomSettings.from_environment(env).portal_url, ParticipantSettings.from_environment("808", env).portal_url}


def test_the_folder_says_where_its_portal_is_while_it_runs(tmp_path):
    assert urls(tmp_path) == {USUAL}
    with noted_port(tmp_path, 41_234):
        assert urls(tmp_path) == {"http://127.0.0.1:41234"}
        assert urls(tmp_path, CLEANROOM_PORTAL_URL="https://portal.example/") == {"https://portal.example"}
    assert urls(tmp_path) == {USUAL}


@pytest.mark.parametrize("note", ["", "portal.example", "80@portal.example", "-1", "123456", "٤١", "\xff"])
def test_a_note_that_is_no_port_is_left_aside(tmp_path, note):
    (tmp_path / PORTAL_PORT_NOTE).parent.mkdir()
    (tmp_path / PORTAL_PORT_NOTE).write_text(note, encoding="utf-8")
    assert urls(tmp_path) == {USUAL}


@pytest.mark.parametrize(("language", "taken"), [(ENGLISH, "Port 8000 was taken"), (CHINESE, "連接埠 8000 已被占用")])
def test_the_demo_prints_the_line_for_other_terminals(tmp_path, monkeypatch, language, taken):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
    home = tmp_path / "my demo"
    other, usual = (_for_other_terminals(url, home) for url in ("http://127.0.0.1:41234", USUAL))
    assert taken in other[0] and taken not in "".join(usual)
    assert other[-1] == f"export CLEANROOM_HOME='{home}' CLEANROOM_PORTAL_URL=http://127.0.0.1:41234"
    assert usual[-1].endswith(f"CLEANROOM_PORTAL_URL={USUAL}")


def test_without_a_home_the_advice_names_the_setting(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLEANROOM_HOME", raising=False)
    monkeypatch.setenv("CLEANROOM_LANGUAGE", ENGLISH)
    assert cli.main(["governance", "gate"]) == SettingsInvalid.exit_code
    assert "set CLEANROOM_HOME to the folder that holds the room" in " ".join(capsys.readouterr().err.split())

"""What the portal reads from its environment."""

import stat

import pytest

from cleanroom.errors import SettingsInvalid
from portal.config import environment as e
from portal.config import settings as own
from tests import portal_settings as of_tests

PRODUCTION = {"CLEANROOM_ENVIRONMENT": "production"}


def test_the_embedded_secret_is_made_once_for_its_owner_alone(tmp_path):
    env = {"CLEANROOM_HOME": str(tmp_path)}
    first = e.secret_key(env)
    assert len(first) > 60 and e.secret_key(env) == first
    file = tmp_path / "portal" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]


def test_tests_differ_from_what_is_installed_in_the_hash_of_passwords_alone():
    assert own.PASSWORD_HASHERS == ["django.contrib.auth.hashers.ScryptPasswordHasher"]
    names = [name for name in dir(own) if name.isupper()]
    assert len(names) > 50 and names == [name for name in dir(of_tests) if name.isupper()]
    assert [n for n in names if getattr(own, n) != getattr(of_tests, n)] == ["PASSWORD_HASHERS"]


def test_production_makes_no_secret_and_guesses_no_host(tmp_path):
    env = {**PRODUCTION, "CLEANROOM_HOME": str(tmp_path)}
    for read in (e.secret_key, e.hosts):
        with pytest.raises(SettingsInvalid):
            read(env)
    assert not list(tmp_path.iterdir())
    assert e.secret_key({**env, "CLEANROOM_PORTAL_SECRET_KEY": "given"}) == "given"
    assert e.hosts({**env, "CLEANROOM_PORTAL_HOSTS": "a.tw, b.tw"}) == ["a.tw", "b.tw"]


def test_an_unknown_environment_is_refused():
    with pytest.raises(SettingsInvalid, match="produktion"):
        e.is_production({"CLEANROOM_ENVIRONMENT": "produktion"})


def test_sqlite_by_default_takes_its_lock_at_once(tmp_path):
    found = e.database({"CLEANROOM_HOME": str(tmp_path)})
    assert found["NAME"] == str(tmp_path / "portal" / "db.sqlite3")
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE" and "WAL" in found["OPTIONS"]["init_command"]
    assert stat.S_IMODE((tmp_path / "portal").stat().st_mode) == 0o700


def test_postgresql_by_address():
    found = e.database({"CLEANROOM_PORTAL_DATABASE": "postgresql://u%40x:p%2Fw@db:5433/portal?sslmode=verify-full"})
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"]) == ("u@x", "p/w", "db", "5433")
    assert found["NAME"] == "portal" and found["OPTIONS"] == {"sslmode": "verify-full"}
    socket = e.database({"CLEANROOM_PORTAL_DATABASE": "postgresql://postgres:@/postgres?host=/run/pg"})
    assert socket["HOST"] == "/run/pg" and socket["OPTIONS"] == {}


@pytest.mark.parametrize("url", ["mysql://u:p@db/x", "postgresql://db", "db.sqlite3"])
def test_other_addresses_are_refused_without_echo(url):
    with pytest.raises(SettingsInvalid) as caught:
        e.database({"CLEANROOM_PORTAL_DATABASE": url})
    assert url not in str(caught.value)


def test_the_queue_needs_no_server_unless_one_is_named(tmp_path):
    found = e.broker({"CLEANROOM_HOME": str(tmp_path)})
    options = found["broker_transport_options"]
    assert found["broker_url"] == "filesystem://"
    assert options["data_folder_in"] == options["data_folder_out"] and (tmp_path / "portal" / "broker").is_dir()
    assert e.broker({"CLEANROOM_BROKER": "redis://r:6379/0"}) == {"broker_url": "redis://r:6379/0"}

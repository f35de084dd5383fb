"""A certificate authority of one's own (CLEANROOM_CA_FILE): believed where it is named, and nobody else then."""

from dataclasses import replace

import pytest

from cleanroom.errors import PortalFault, SettingsInvalid, StoreFault
from cleanroom.receiver.portal import PortalClient
from cleanroom.settings import ParticipantSettings, RoomSettings
from cleanroom.stores import objects_gcs
from cleanroom.stores.objects import open_object_store
from cleanroom.stores.portal_http import HttpPortal
from tests.factories.authority import authority, tls_server


@pytest.fixture
def made(tmp_path):
    """(settings that name our authority, another authority's file)"""
    ca_file, server_file = authority(tmp_path, "ours")
    other, _ = authority(tmp_path, "theirs")
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text("token")
    with tls_server(server_file, b"[]") as url:
        yield (
            ParticipantSettings("808", tmp_path, tmp_path, portal_url=url, portal_token_file=token, ca_file=ca_file),
            other,
        )


def test_the_portal_is_believed_under_the_named_authority_alone(made):
    settings, other = made
    assert HttpPortal.of(settings).uploads() == []
    for stranger in (replace(settings, ca_file=None), replace(settings, ca_file=other)):
        with pytest.raises(PortalFault):
            HttpPortal.of(stranger).uploads()


def test_the_receiver_believes_the_same(made):
    settings, other = made
    for ca_file, believed in ((settings.ca_file, True), (other, False)):
        client = PortalClient.from_token_file(settings.portal_url, settings.portal_token, ca_file=ca_file)
        if believed:
            assert client.pull("808", 0) == []
        else:
            with pytest.raises(PortalFault):
                client.pull("808", 0)


def test_a_store_that_speaks_googles_wire_is_believed_the_same(tmp_path, monkeypatch):
    ca_file, server_file = authority(tmp_path, "ours")
    other, _ = authority(tmp_path, "theirs")
    monkeypatch.setattr(objects_gcs, "_RETRY", None)
    with tls_server(server_file, b'{"name": "a", "size": "1", "crc32c": "AAAAAA==", "generation": "1"}') as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        assert open_object_store("gs://bucket", None, ca_file=ca_file).exists("a")
        with pytest.raises(StoreFault, match="SSLError"):
            open_object_store("gs://bucket", None, ca_file=other).exists("a")


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_that_is_no_authority_is_a_wrong_setting(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    token = tmp_path / "token"
    token.touch(0o600)
    settings = RoomSettings(tmp_path, portal_token_file=token, ca_file=path)
    with pytest.raises(SettingsInvalid, match="CLEANROOM_CA_FILE"):
        HttpPortal.of(settings)
    with pytest.raises(SettingsInvalid, match="CLEANROOM_CA_FILE"):
        open_object_store("gs://bucket", None, ca_file=path)


def test_the_setting_is_read_on_both_sides(tmp_path):
    environment = {"CLEANROOM_CA_FILE": str(tmp_path / "ca.pem")}
    assert RoomSettings.from_environment(environment).ca_file == tmp_path / "ca.pem"
    assert ParticipantSettings.from_environment("808", environment).ca_file == tmp_path / "ca.pem"

"""The transport key: owner-only, stable, and its signatures verify by the Standard Webhooks rule."""

import base64
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cleanroom.errors import KeyRefused
from portal.alerts import webhook_key


def test_a_key_is_made_once_with_owner_only_rights(tmp_path):
    keys = tmp_path / "keys"
    made = webhook_key.make(keys)
    assert webhook_key.make(keys).kid == made.kid == webhook_key.read(keys).kid
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert [(p.name, stat.S_IMODE(p.stat().st_mode)) for p in keys.iterdir()] == [(webhook_key.FILE_NAME, 0o600)]


def test_looser_rights_and_a_missing_key_are_refused(tmp_path):
    with pytest.raises(KeyRefused, match="make_webhook_key"):
        webhook_key.read(tmp_path)
    webhook_key.make(tmp_path)
    (tmp_path / webhook_key.FILE_NAME).chmod(0o640)
    with pytest.raises(KeyRefused, match="0600"):
        webhook_key.read(tmp_path)


def test_headers_verify_over_id_timestamp_and_body(tmp_path):
    key = webhook_key.make(tmp_path)
    headers = key.headers(message_id="a" * 32, timestamp=1795406400, body=b'{"x":1}')
    version, signature = headers["webhook-signature"].split(",")
    assert version == "v1a"
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.standard_webhooks_key.removeprefix("whpk_")))
    public.verify(base64.b64decode(signature), b"a" * 32 + b'.1795406400.{"x":1}')
    assert headers["webhook-id"] == "a" * 32 and headers["webhook-timestamp"] == "1795406400"


def test_domain_signatures_verify_and_changed_ones_do_not(tmp_path):
    key = webhook_key.make(tmp_path)
    signature = key.sign(b"domain\n", b"payload")
    assert webhook_key.verify(key.public_key, signature, b"domain\npayload")
    assert not webhook_key.verify(key.public_key, signature, b"domain\npayloae")
    assert not webhook_key.verify(key.public_key, signature[:-4] + "AAAA", b"domain\npayload")
    assert not webhook_key.verify(key.public_key, "*", b"domain\npayload")
    assert not webhook_key.verify("short", signature, b"domain\npayload")

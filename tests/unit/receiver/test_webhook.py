"""Standard Webhooks headers: only an authentic, recent request is looked at."""

import pytest

from cleanroom.errors import SignatureRefused
from cleanroom.receiver.webhook import TOLERANCE_SECONDS, check_request

NOW = 1_800_000_000.0
BODY = b'{"a":1}'


@pytest.fixture
def headers(sender):
    return sender.headers("msg-1", BODY, at=NOW)


def check(sender, headers, body=BODY, now=NOW):
    return check_request(headers, body, public_key=sender.webhook_key, now=now)


def test_an_authentic_request_gives_its_id(sender, headers):
    assert check(sender, headers) == "msg-1"


@pytest.mark.parametrize("away", [-TOLERANCE_SECONDS, TOLERANCE_SECONDS])
def test_five_minutes_are_the_limit(sender, headers, away):
    assert check(sender, headers, now=NOW + away) == "msg-1"
    with pytest.raises(SignatureRefused, match="clocks"):
        check(sender, headers, now=NOW + away + (1 if away > 0 else -1))


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(sender, headers, name):
    del headers[name]
    with pytest.raises(SignatureRefused):
        check(sender, headers)


@pytest.mark.parametrize("change", [
    {"webhook-id": "msg-2"},
    {"webhook-timestamp": str(int(NOW) + 1)},
    {"webhook-timestamp": "soon"},
    {"webhook-timestamp": "١٢٣"},
    {"webhook-signature": "v1,c2hhcmVkIHNlY3JldA=="},
    {"webhook-signature": "v1a,"},
    {"webhook-signature": "v1a,%%%"},
    {"webhook-id": "a\nb"},
    {"webhook-id": "x" * 200},
])  # fmt: skip
def test_a_changed_header_is_refused(sender, headers, change):
    with pytest.raises(SignatureRefused):
        check(sender, headers | change)


def test_a_changed_body_is_refused(sender, headers):
    with pytest.raises(SignatureRefused, match="no signature"):
        check(sender, headers, body=BODY + b" ")


def test_another_key_is_refused(sender, headers):
    with pytest.raises(SignatureRefused):
        check_request(headers, BODY, public_key=sender.room.signing_public_key, now=NOW)


def test_one_of_several_signatures_is_enough_but_not_after_many(sender, headers):
    good = headers["webhook-signature"]
    assert check(sender, headers | {"webhook-signature": f"v1a,AAAA {good}"}) == "msg-1"
    with pytest.raises(SignatureRefused):
        check(sender, headers | {"webhook-signature": "v1a,AAAA " * 20 + good})

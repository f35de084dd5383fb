"""One-time codes against the published vectors of RFC 6238 (appendix B, SHA-1, cut to six digits)."""

import base64

import pytest

from portal.accounts.totp import address_for_app, code_at, matching_step, new_secret, step_at

SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_published_vectors(seconds, code):
    assert code_at(SECRET, step_at(seconds)) == code
    assert matching_step(SECRET, code, now=seconds, after=0) == step_at(seconds)


def test_one_step_of_drift_and_no_more():
    now = 1_700_000_000
    for drift, counts in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = matching_step(SECRET, code_at(SECRET, step_at(now) + drift), now=now, after=0)
        assert (found is not None) == counts


def test_a_code_counts_once():
    now = 1_700_000_000
    step = matching_step(SECRET, code_at(SECRET, step_at(now)), now=now, after=0)
    assert matching_step(SECRET, code_at(SECRET, step), now=now, after=step) is None
    assert matching_step(SECRET, code_at(SECRET, step - 1), now=now, after=step) is None


@pytest.mark.parametrize("code", ["", "28708", "2870822", "abcdef", "２８７０８２", "\x00"])
def test_what_is_no_code_is_none(code):
    assert matching_step(SECRET, code, now=59, after=0) is None


def test_secrets_differ_and_fit_the_address():
    assert len({new_secret() for _ in range(50)}) == 50
    address = address_for_app(SECRET, username="a b@c", issuer="Financial Clean Room")
    assert address.startswith("otpauth://totp/Financial%20Clean%20Room:a%20b%40c?secret=") and SECRET in address

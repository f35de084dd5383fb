"""What is agreed on is pinned; every other scheme, key and normaliser is refused, in both schemes."""

from dataclasses import replace

import pytest

from cleanroom.crypto import ceremonies, r255
from cleanroom.crypto.canaries import JOINT, Card, Pins, canaries_under, check, pinned
from cleanroom.crypto.encoding import to_text
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.crypto.schemes import new_key
from cleanroom.errors import CanaryMismatch, KeyRefused, MalformedRows
from cleanroom.vocabulary.terms import Scheme

SHARED = new_key(Scheme.HMAC2)
JOINT_SCALAR = r255.new_scalar()
OWN = {code: new_key(Scheme.R255_REKEY) for code in ("808", "822")}


def card(key, participant="808"):
    return Card(participant, key.scheme, key.kid, canaries_under(key))


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Holds the factors of both participants' own keys."""
    folder = tmp_path_factory.mktemp("room") / "keys"
    document = ceremonies.new_room_ring(folder, demo=True)._document
    factors = [
        {"participant": code, "kid": key.kid, "factor": to_text(r255.factor(JOINT_SCALAR, key.secret))}
        for code, key in OWN.items()
    ]
    return RoomKeyRing({**document, "factors": factors})


@pytest.fixture(params=list(Scheme))
def agreed(request, room):
    """A card, and the pins that it made."""
    shown = card(SHARED if request.param == Scheme.HMAC2 else OWN["808"])
    return shown, pinned(Pins(), shown, room)


def refused(shown, pins, room, kind, rule):
    with pytest.raises(kind) as caught:
        check(shown, pins, room, production=False)
    assert caught.value.rule == rule
    assert not [value for value in shown.canaries.values() if value in str(caught.value)]


def test_what_was_pinned_is_believed(agreed, room):
    shown, pins = agreed
    assert check(shown, pins, room, production=True)
    assert pinned(pins, shown, room) == pins
    assert list(pins.agreed) == [SHARED.kid if shown.scheme == Scheme.HMAC2 else JOINT]


def test_participants_with_their_own_keys_fit_one_pin(room):
    pins = pinned(Pins(), card(OWN["808"]), room)
    other = card(OWN["822"], "822")
    assert other.canaries != card(OWN["808"]).canaries
    assert check(other, pins, room, production=True)


def test_nobody_is_talked_down_to_another_scheme(agreed, room):
    shown, pins = agreed
    other = card(OWN["822"], "822") if shown.scheme == Scheme.HMAC2 else card(SHARED)
    refused(other, pins, room, KeyRefused, "scheme")
    refused(replace(shown, scheme=other.scheme), pins, room, KeyRefused, "scheme")
    refused(replace(shown, hash_kid=other.hash_kid), pins, room, KeyRefused, "scheme")
    with pytest.raises(KeyRefused, match="scheme"):
        pinned(pins, other, room)


def test_a_key_that_nobody_agreed_on(agreed, room):
    shown, pins = agreed
    kind = CanaryMismatch if shown.scheme == Scheme.HMAC2 else KeyRefused
    refused(card(new_key(shown.scheme)), pins, room, kind, "hash_kid")


def test_somebody_elses_own_key(room):
    pins = pinned(Pins(), card(OWN["808"]), room)
    refused(card(OWN["808"], "822"), pins, room, KeyRefused, "hash_kid")


@pytest.mark.parametrize("kind", ["phone", "account", "national_id"])
def test_another_normaliser(agreed, room, kind):
    shown, pins = agreed
    first = shown.canaries[kind]
    other = next(value for value in shown.canaries.values() if value != first)
    refused(replace(shown, canaries={**shown.canaries, kind: other}), pins, room, CanaryMismatch, "canaries")
    fewer = {name: value for name, value in shown.canaries.items() if name != kind}
    refused(replace(shown, canaries=fewer), pins, room, CanaryMismatch, "canaries")


def test_canaries_that_are_no_points(room):
    shown = card(OWN["808"])
    pins = pinned(Pins(), shown, room)
    refused(replace(shown, canaries=dict.fromkeys(shown.canaries, "0" * 64)), pins, room, MalformedRows, "r255_point")


def test_a_closed_key(agreed, room):
    shown, pins = agreed
    refused(shown, replace(pins, closed=frozenset({shown.hash_kid})), room, KeyRefused, "hash_kid_closed")


def test_where_nothing_is_pinned_production_waits_for_the_custodian(agreed, room):
    shown, _ = agreed
    assert not check(shown, Pins(), room, production=False)
    with pytest.raises(CanaryMismatch, match="canary_unpinned"):
        check(shown, Pins(), room, production=True)


def test_other_canaries_for_a_known_key_are_not_pinned_over_it(agreed, room):
    shown, pins = agreed
    a, b, *_ = shown.canaries.values()
    with pytest.raises(CanaryMismatch, match="canary_pin"):
        pinned(pins, replace(shown, canaries=dict(zip(shown.canaries, (b, a, a), strict=True))), room)

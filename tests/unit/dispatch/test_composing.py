"""Numbers that tell nothing, keys that must be there, and a body that only the institution opens."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from cleanroom.contracts.messages import RegisteredKey
from cleanroom.crypto.ceremonies import new_room_ring
from cleanroom.dispatch.composing import sealing_key, warning_ids
from cleanroom.errors import KeyRefused
from cleanroom.vocabulary.terms import Scheme
from tests.factories.sealed_warnings import Sender, candidate
from tests.fakes.portal import MemoryPortal


@pytest.fixture(scope="module")
def sender(tmp_path_factory):
    return Sender(tmp_path_factory.mktemp("sender"))


def test_the_same_identity_has_the_same_number_and_another_room_another(sender, tmp_path):
    identities = [candidate().identity, candidate(cause="0" * 32).identity]
    numbers = warning_ids(sender.room, identities)
    assert numbers == warning_ids(sender.room, identities) and len(set(numbers)) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", n) for n in numbers)
    assert warning_ids(new_room_ring(tmp_path, demo=True), identities) != numbers


def test_a_number_is_no_token_of_any_identifier(sender):
    identity = candidate().identity
    [number] = warning_ids(sender.room, [identity])
    second = sender.room.second_hash(scheme=Scheme.HMAC2, participant="808", kid="k1-0000000000000000")
    assert number not in {second(kind, [b"\0" * 32])[0] for kind in ("account", "phone", "warning")}


def gate(sender, *keys):
    portal = MemoryPortal()
    portal.invite(sender.ring, sender.room)
    portal.change("808", keys=keys)
    return portal.gate("808")


def key(kid, *, state="active", purpose="sealing", days=0):
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)
    return RegisteredKey(kid=kid, purpose=purpose, public_key=f"key-{kid}", state=state, registered_at=at)


def test_the_newest_active_sealing_key_is_used(sender):
    keys = [key("old"), key("new", days=1), key("gone", days=2, state="revoked"), key("sig", days=3, purpose="signing")]
    assert sealing_key(gate(sender, *keys)) == "key-new"


def test_without_a_sealing_key_nothing_is_sealed(sender):
    with pytest.raises(KeyRefused, match="808 has no active sealing key"):
        sealing_key(gate(sender, key("gone", state="revoked"), key("sig", purpose="signing")))


def test_two_seals_of_the_same_warning_differ_and_open_to_the_same(sender):
    first, second = sender.warning(), sender.warning()
    assert first.sealed_body != second.sealed_body
    assert sender.envelope(first) == sender.envelope(second)
    assert first.model_dump(exclude={"sealed_body"}) == second.model_dump(exclude={"sealed_body"})

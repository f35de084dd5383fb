from datetime import UTC, date, datetime, timedelta

import pytest

from cleanroom.contracts import standing
from cleanroom.contracts.messages import ParticipantGate, RegisteredKey
from cleanroom.errors import KeyRefused, MouNotInForce, SpecificationNotInForce, UnknownInstitution
from tests.fakes.portal import signed_mou, specification_in_force

NOW = datetime.now(UTC)
LAST_DAY = date(2025, 6, 30)


def gate(**changes):
    fields = {
        "participant": "808", "name": "Bank", "sector": "bank", "state": "active", "mou": signed_mou(),
        "specification": specification_in_force(), "keys": (), "known_institutions": (), "next_sequence": {},
        "room_recipient_kid": None, "room_recipient": None, "room_signing_kid": None, "room_signing_key": None,
    }  # fmt: skip
    return ParticipantGate(**{**fields, **changes})


@pytest.mark.parametrize("state", ["invited", "suspended", "left"])
def test_only_active_participants_submit(state):
    standing.check_active(gate())
    with pytest.raises(UnknownInstitution, match=state):
        standing.check_active(gate(state=state))


@pytest.mark.parametrize(
    ("at", "in_time"),
    [
        (datetime(2025, 6, 30, 15, 59, tzinfo=UTC), True),  # 23:59 in Taipei
        (datetime(2025, 6, 30, 16, 0, tzinfo=UTC), False),  # midnight there
        (datetime(2025, 5, 31, 16, 0, tzinfo=UTC), True),  # its first day begins
        (datetime(2025, 5, 31, 15, 59, tzinfo=UTC), False),
    ],
)
def test_the_mou_lasts_through_its_last_day_in_taipei(at, in_time):
    mou = signed_mou(expires_on=LAST_DAY).model_copy(update={"valid_from": date(2025, 6, 1)})
    if in_time:
        standing.check_mou(gate(mou=mou), now=at)
        return
    with pytest.raises(MouNotInForce, match="mou_in_time"):
        standing.check_mou(gate(mou=mou), now=at)


def test_no_mou_and_an_unsigned_one():
    for mou in (None, signed_mou().model_copy(update={"signed_at": None})):
        with pytest.raises(MouNotInForce, match="mou_signed"):
            standing.check_mou(gate(mou=mou), now=NOW)


def test_the_specification_in_force_and_its_text():
    assert standing.check_specification(gate(), version=1, now=NOW).version == 1
    later = specification_in_force().model_copy(update={"in_force_from": NOW + timedelta(days=1)})
    for specification, version, rule in (
        (None, 1, "specification_in_force"),
        (later, 1, "specification_in_force"),
        (specification_in_force(), 2, "specification_version"),
        (specification_in_force(digest="0" * 64), 1, "specification_digest"),
    ):
        with pytest.raises(SpecificationNotInForce, match=rule):
            standing.check_specification(gate(specification=specification), version=version, now=NOW)


def test_only_an_active_signing_key_of_that_id_counts():
    def key(kid, purpose="signing", state="active"):
        return RegisteredKey(kid=kid, purpose=purpose, public_key="x", state=state, registered_at=NOW)

    keys = (key("a"), key("b", state="revoked"), key("c", purpose="sealing"), key("e", state="proposed"))
    assert standing.registered_signing_key(gate(keys=keys), "a").kid == "a"
    rules = {"b": "key_revoked", "c": "key_registered", "d": "key_registered", "e": "second person.*key_approved"}
    for kid, rule in rules.items():
        with pytest.raises(KeyRefused, match=rule):
            standing.registered_signing_key(gate(keys=keys), kid)

"""What is asked ahead of a first upload; each missing thing is named with what to do about it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cleanroom.contracts import messages as m
from cleanroom.contracts.specification import load_specification
from cleanroom.errors import KeyRefused, MouNotInForce, SpecificationNotInForce, UnknownInstitution
from cleanroom.pipeline import onboarding

NOW = datetime.now(UTC)
TODAY = date.today()


def gate(**changes) -> m.ParticipantGate:
    key = {"public_key": "k", "state": "active", "registered_at": NOW}
    document = {
        "participant": "700", "name": "Post", "sector": "post_office", "state": "active",
        "mou": m.MouStanding(
            version="1.0", digest="0" * 64, valid_from=TODAY - timedelta(days=9), expires_on=TODAY + timedelta(days=99),
            signed_at=NOW, purposes=("fraud_prevention",),
        ),
        "specification": m.SpecificationStanding(
            version=1, digest=load_specification(1).digest, ratified_by=("700",), in_force_from=NOW - timedelta(hours=1)
        ),
        "keys": tuple(m.RegisteredKey(kid=p, purpose=p, **key) for p in ("signing", "sealing")),
        "known_institutions": ("700",), "next_sequence": {}, "room_recipient_kid": None, "room_recipient": None,
        "room_signing_kid": None, "room_signing_key": None,
    }  # fmt: skip
    return m.ParticipantGate(**document | changes)


class Portal:
    def __init__(self, found):
        self.found = found

    def gate(self, participant):
        return self.found


def test_a_participant_in_order_passes():
    found = onboarding.check(Portal(gate()), participant="700")
    assert found["specification_version"] == 1


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"state": "suspended"}, UnknownInstitution),
        ({"mou": None}, MouNotInForce),
        ({"mou": gate().mou.model_copy(update={"signed_at": None})}, MouNotInForce),
        ({"mou": gate().mou.model_copy(update={"expires_on": TODAY - timedelta(days=2)})}, MouNotInForce),
        ({"keys": ()}, KeyRefused),
        ({"keys": gate().keys[:1]}, KeyRefused),
        ({"specification": None}, SpecificationNotInForce),
        ({"specification": gate().specification.model_copy(update={"in_force_from": None})}, SpecificationNotInForce),
        ({"specification": gate().specification.model_copy(update={"digest": "1" * 64})}, SpecificationNotInForce),
    ],
)
def test_what_is_missing_is_refused(changes, kind):
    with pytest.raises(kind):
        onboarding.check(Portal(gate(**changes)), participant="700")

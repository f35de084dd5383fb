"""What must be in place before an institution's first upload, asked of the portal and of this software."""

from typing import Any

from cleanroom.contracts.messages import ParticipantGate
from cleanroom.contracts.specification import load_specification
from cleanroom.errors import KeyRefused, MouNotInForce, SpecificationNotInForce, UnknownInstitution
from cleanroom.stores.ports import Portal


def check(portal: Portal, *, participant: str) -> dict[str, Any]:
    """Agreement, keys and specification of one participant. Raises the first refusal; returns what a person reads."""
    gate = portal.gate(participant)
    check_active(gate)
    check_agreement(gate)
    check_keys(gate)
    return {"participant": participant, "name": gate.name, **check_specification(gate)}


def check_active(gate: ParticipantGate) -> None:
    if gate.state != "active":
        raise UnknownInstitution(
            f"participant {gate.participant} is {gate.state}; the coordinator must make it active first"
        )


def check_agreement(gate: ParticipantGate) -> None:
    if gate.mou is None or gate.mou.signed_at is None:
        raise MouNotInForce(
            f"participant {gate.participant} has not signed the MoU; its officer signs it in the portal"
        )


def check_keys(gate: ParticipantGate) -> None:
    for purpose in ("signing", "sealing"):
        if not any(key.purpose == purpose and key.state == "active" for key in gate.keys):
            raise KeyRefused(
                f"participant {gate.participant} has no active {purpose} key; run: cleanroom keys register"
            )


def check_specification(gate: ParticipantGate) -> dict[str, Any]:
    """Raises SpecificationNotInForce where none is in force or where the text here is another."""
    standing = gate.specification
    if standing is None or standing.in_force_from is None:
        raise SpecificationNotInForce(
            "no data specification is in force; every active participant's data steward ratifies it in the portal"
        )
    held = load_specification(standing.version)
    if held.digest != standing.digest:
        raise SpecificationNotInForce(
            f"specification version {standing.version} here has another text than the ratified one; "
            "install the release of this software that was agreed"
        )
    return {"specification_version": standing.version, "digest": standing.digest}

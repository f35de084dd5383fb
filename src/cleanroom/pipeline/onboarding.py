"""What must be in place before an institution's first upload: the checks of every upload, asked ahead of it."""

from datetime import UTC, datetime
from typing import Any

from cleanroom.contracts import standing
from cleanroom.contracts.messages import ParticipantGate
from cleanroom.errors import KeyRefused, SpecificationNotInForce
from cleanroom.stores.ports import Portal

_CHINESE = {"signing": "簽章", "sealing": "封裝"}


def check(portal: Portal, *, participant: str) -> dict[str, Any]:
    """Agreement, keys and specification of one participant. Raises the first refusal; returns what a person reads."""
    gate = portal.gate(participant)
    standing.check_active(gate)
    standing.check_mou(gate, now=datetime.now(UTC))
    _check_keys(gate)
    return {"participant": participant, "name": gate.name, **check_specification(gate)}


def _check_keys(gate: ParticipantGate) -> None:
    for purpose in _CHINESE:
        if not any(key.purpose == purpose and key.state == "active" for key in gate.keys):
            raise KeyRefused(
                f"participant {gate.participant} has no active {purpose} key; propose it with "
                "`cleanroom keys propose`, and let a second person approve it in the portal",
                zh=f"參與機構 {gate.participant} 無啟用中之{_CHINESE[purpose]}金鑰；"
                "請以 `cleanroom keys propose` 提出，並由第二人於入口網站核准",
                rule="key_registered",
            )


def check_specification(gate: ParticipantGate) -> dict[str, Any]:
    """Raises SpecificationNotInForce where none is in force or where the text here is another."""
    if gate.specification is None:
        raise SpecificationNotInForce(
            "no data specification is in force; every active participant's data steward ratifies it in the portal",
            zh="無施行中之資料規格；須由各啟用中參與機構之資料管理人於入口網站核可",
            rule="specification_in_force",
        )
    held = standing.check_specification(gate, version=gate.specification.version, now=datetime.now(UTC))
    return {"specification_version": held.version, "digest": held.digest}

"""The institution's side, opened: who it is, what stands at the portal, what it declares."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cleanroom.contracts.messages import AuditEvent, ParticipantGate
from cleanroom.contracts.specification import Specification
from cleanroom.contracts.standing import check_active, check_mou, check_specification, registered_signing_key
from cleanroom.crypto import known_answers
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.errors import KeyRefused
from cleanroom.pipeline.auditing import record
from cleanroom.pipeline.keys import open_participant_keys
from cleanroom.sealing.folder import ClearFolder, read_folder
from cleanroom.sealing.submission import Addressee
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.ports import Portal
from cleanroom.vocabulary.terms import Dataset, Scheme


@dataclass(frozen=True)
class Side:
    settings: ParticipantSettings
    ring: ParticipantKeyRing
    gate: ParticipantGate
    folder: ClearFolder
    specification: Specification
    addressee: Addressee

    def next_accepted(self, dataset: Dataset) -> int:
        """The sequence number that the room expects next, as far as the portal knows."""
        return self.gate.next_sequence.get(dataset, 1)

    @property
    def facts(self) -> dict:
        """What the gate's rules need to know of this submission."""
        return {
            "participant": self.folder.institution,
            "period_first": self.folder.period.first,
            "period_last": self.folder.period.last,
            "known_institutions": self.gate.known_institutions,
        }


def open_side(settings: ParticipantSettings, *, portal: Portal, now: datetime | None = None) -> Side:
    """Everything that must hold before a file is opened: standing, agreement, keys, a hash that gives known answers."""
    now = now or datetime.now(UTC)
    ring = open_participant_keys(settings)
    known_answers.check(tuple({Scheme.HMAC2, *(key.scheme for key in ring.first_hashes[-1:])}))
    if ring.institution != settings.institution:
        raise KeyRefused("the key ring belongs to another institution", zh="金鑰環屬其他機構", rule="key_ring_owner")
    folder = read_folder(settings.data_dir, institution=settings.institution)
    gate = portal.gate(settings.institution)
    check_active(gate)
    check_mou(gate, now=now)
    registered_signing_key(gate, ring.signing_kid)
    specification = check_specification(gate, version=folder.specification_version, now=now)
    return Side(settings, ring, gate, folder, specification, _addressee(gate))


def record_event(settings: ParticipantSettings, portal: Portal, verb: str, subject: str, detail: dict) -> None:
    """In the institution's own log and at the portal."""
    event = AuditEvent(
        at=datetime.now(UTC), actor=f"participant:{settings.institution}", verb=verb, subject=subject, detail=detail
    )
    record(event, log=AuditFile(settings.audit_file), portal=portal)


def _addressee(gate: ParticipantGate) -> Addressee:
    if not gate.room_recipient or not gate.room_recipient_kid:
        raise KeyRefused(
            "the clean room has registered no envelope key yet; ask its key custodian",
            zh="無塵室尚未登錄封裝金鑰；請洽其金鑰保管人",
            rule="room_key",
        )
    return Addressee(gate.room_recipient_kid, gate.room_recipient)

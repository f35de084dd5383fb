"""The gate as the line asks it: one place for scoring, dispatch, the DAGs and the command line.

What is asked is the portal's record, the room's own log of what it drafted, the artefact's bytes in this room, the code
that runs, the policy file of this room, the receiving institutions and the emergency stop. The portal's summary is not
trusted: governance judges afresh.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.errors import GateClosed
from cleanroom.governance import gate
from cleanroom.governance.answers import load_answers
from cleanroom.governance.gate import Decision
from cleanroom.governance.policy import load_policy
from cleanroom.pipeline import artefacts, own_drafts
from cleanroom.pipeline.code_version import code_commit
from cleanroom.settings import RoomSettings
from cleanroom.stores.objects import open_object_store
from cleanroom.stores.portal_http import HttpPortal
from cleanroom.stores.ports import ObjectStore, Portal


class Asker(Protocol):
    """Whoever asks: an open room, or `Desk` where no warehouse is needed."""

    settings: RoomSettings
    objects: ObjectStore
    portal: Portal


@dataclass(frozen=True)
class Desk:
    settings: RoomSettings
    objects: ObjectStore
    portal: Portal

    @classmethod
    def of(cls, settings: RoomSettings) -> "Desk":
        objects = open_object_store(settings.object_store, settings.objects_dir, ca_file=settings.ca_file)
        return cls(settings, objects, HttpPortal.of(settings))


def ask(asker: Asker, *, now: datetime | None = None, presented: str | None = None) -> Decision:
    """The decision on the release that stands for the line's use case, with every reason where it is to stay shut.
    `presented`: digest of a certificate that somebody holds.

    Raises what says that nothing could be decided: PolicyInvalid, ArtefactRefused where the released artefact's bytes
    are gone or others, PortalFault or StoreFault where a store does not answer. Whoever asks takes that as shut.
    """
    policy = load_policy(asker.settings.policy_file)
    record = asker.portal.current_release(load_answers().use_case)
    decision = gate.decide(
        policy,
        record,
        now=now or datetime.now(UTC),
        artefact_digest=artefacts.read(asker, record.draft.digests.artefact).digest if record else "",
        participants=participants(asker.portal),
        code_commit=code_commit(stamped=asker.settings.code_commit),
        stop=asker.portal.sending_stop(),
        presented=presented,
    )
    foreign = tuple(own_drafts.strange(asker.settings, record)) if record else ()
    return replace(decision, reasons=(*foreign, *decision.reasons), certificate=None) if foreign else decision


def certified_release(asker: Asker) -> ReleaseRecord:
    """The record under which scores and warnings may leave now. Raises GateClosed with every reason, and as `ask`."""
    decision = ask(asker)
    decision.require()
    if decision.record is None:
        raise GateClosed(
            "the gate is closed: this use case has no release", zh="閘門關閉：此用途尚無發布", rule="no_release"
        )
    return decision.record


def participants(portal: Portal) -> list[str]:
    """Codes of the institutions that receive the output: every active participant."""
    return sorted(g.participant for g in portal.participants() if g.state == "active")

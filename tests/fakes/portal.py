"""The portal in memory, for tests of the line: the same protocol, the same refusals for what it is asked.

Kept honest by tests/unit/fakes/test_portal.py and by using the real messages: what it stores went through their JSON.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from cleanroom.contracts import governance as g
from cleanroom.contracts import messages as m
from cleanroom.contracts.audit_chain import START, line_after
from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.contracts.checkpoints import AuditLog, CheckpointStanding, Cosignature, LogHashes, SignedCheckpoint
from cleanroom.contracts.institutions import known_codes
from cleanroom.contracts.specification import LATEST, load_specification
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.crypto.signing import check_proof
from cleanroom.errors import AuditBroken, NotAllowed, NotFound, PortalFault, SequenceReplayed
from cleanroom.vocabulary.terms import Dataset, ReleaseState, Sector, UploadState
from portal.uploads.states import LANDED
from portal.uploads.states import NEXT as UPLOAD_NEXT

NEXT = {
    ReleaseState.EVALUATED: {ReleaseState.SUBMITTED, ReleaseState.RETIRED},
    ReleaseState.SUBMITTED: {ReleaseState.RELEASED},
    ReleaseState.RELEASED: {ReleaseState.SUSPENDED},
    ReleaseState.SUSPENDED: set(),
    ReleaseState.RETIRED: set(),
}

# Which order lets the room report this change; and the only state in which an order still stands.
ORDERED = {
    (UploadState.QUARANTINED, UploadState.ACCEPTED): "release",
    (UploadState.ACCEPTED, UploadState.WITHDRAWN): "withdraw",
}
ORDER_STANDS_IN = {kind: before for (before, _), kind in ORDERED.items()}


@dataclass
class MemoryPortal:
    """`down` lists method names that answer with a PortalFault, as an unreachable portal does."""

    gates: dict[str, m.ParticipantGate] = field(default_factory=dict)
    reports: dict[str, m.UploadReport] = field(default_factory=dict)
    ordered: list[m.SubmissionOrder] = field(default_factory=list)
    events: list[m.AuditEvent] = field(default_factory=list)
    stations: list[m.StationRun] = field(default_factory=list)
    results: list[m.ResultPublication] = field(default_factory=list)
    drafted: dict[str, g.ReleaseRecord] = field(default_factory=dict)
    packed: list[tuple[g.PackStanding, bytes]] = field(default_factory=list)
    sent: dict[str, m.WarningMessage] = field(default_factory=dict)
    answers: dict[str, list[m.AnswerMessage]] = field(default_factory=dict)
    reported: list[g.IncidentStanding] = field(default_factory=list)
    exported: list[tuple[datetime, bool]] = field(default_factory=list)  # when, and whether beyond the own institution
    stop: g.SendingStop | None = None
    shown: dict[tuple[AuditLog, int], CheckpointStanding] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)

    # --- set-up, as people would do it in the portal ---------------------------------------------------------------

    def invite(self, ring: ParticipantKeyRing, room: RoomKeyRing, *, sector: Sector = Sector.BANK) -> None:
        """An active participant with signed MoU, ratified specification and registered keys."""
        for registration in ring.key_registrations():
            if registration.purpose == "signing":
                check_proof(ring.institution, registration)
        self.gates[ring.institution] = m.ParticipantGate(
            participant=ring.institution,
            name=f"Institution {ring.institution}",
            sector=sector,
            state="active",
            mou=signed_mou(),
            specification=specification_in_force(),
            keys=tuple(_registered(r) for r in ring.key_registrations()),
            known_institutions=(),
            next_sequence={},
            room_recipient_kid=room.recipient_kid,
            room_recipient=room.recipient,
            room_signing_kid=room.signing_kid,
            room_signing_key=room.signing_public_key,
        )

    def change(self, participant: str, **changes: object) -> None:
        """Set fields of a participant's gate: an expired MoU, a revoked key, another specification."""
        changed = self.gates[participant].model_copy(update=changes)
        self.gates[participant] = m.ParticipantGate.model_validate(changed.model_dump())

    # --- the protocol ----------------------------------------------------------------------------------------------

    def gate(self, participant: str) -> m.ParticipantGate:
        self._reach("gate")
        if participant not in self.gates:
            raise NotFound("there is no such participant")
        known = tuple(sorted({*known_codes(), *self.gates}))
        return self.gates[participant].model_copy(
            update={"known_institutions": known, "next_sequence": self._next_sequences(participant)}
        )

    def participants(self) -> list[m.ParticipantGate]:
        return [self.gate(code) for code in sorted(self.gates)]

    def report_upload(self, report: m.UploadReport) -> None:
        self._reach("report_upload")
        known = self.reports.get(report.submission_id)
        if known and known.state != report.state:
            self._check_may_follow(known, report)
        if report.state in LANDED and self._number_taken(report):
            raise SequenceReplayed("another submission was accepted under this sequence number")
        self.reports[report.submission_id] = _over_the_wire(report)

    def uploads(self, participant: str | None = None) -> list[m.UploadReport]:
        return [r for r in self.reports.values() if participant in (None, r.participant)]

    def orders(self, participant: str) -> list[m.SubmissionOrder]:
        self._reach("orders")
        return [o for o in self.ordered if o.participant == participant and self._stands(o)]

    def report_station(self, run: m.StationRun) -> None:
        self._reach("report_station")
        self.stations.append(_over_the_wire(run))

    def publish_result(self, result: m.ResultPublication) -> None:
        self._reach("publish_result")
        self.results.append(_over_the_wire(result))

    def draft_release(self, draft: g.ReleaseDraft) -> g.ReleaseRecord:
        """Other content replaces what was not submitted yet, and voids its waivers."""
        known = self.drafted.get(draft.release_id)
        if known and known.draft == draft:
            return known
        if known and known.state is not ReleaseState.EVALUATED:
            raise NotAllowed(f"the release is {known.state}, so its content stands; draft a new release")
        record = g.ReleaseRecord(draft=draft, state=ReleaseState.EVALUATED, sign_offs=(), waivers=(), released_at=None)
        self.drafted[draft.release_id] = _over_the_wire(record)
        return self.drafted[draft.release_id]

    def packs(self, release_id: str) -> list[g.PackStanding]:
        self._reach("packs")
        return [standing for standing, _ in self.packed if standing.release_id == release_id]

    def keep_pack(self, release_id: str, raw: bytes) -> g.PackStanding:
        self._reach("keep_pack")
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            manifest, verdict = (json.loads(file.read(n)) for n in ("manifest.json", "verdict.json"))
        standing = g.PackStanding(
            release_id=release_id,
            pack=hashlib.sha256(raw).hexdigest(),
            content=manifest["content"],
            judged_at=manifest["packed_at"],
            allowed=verdict["allowed"],
        )
        self.packed.append((standing, raw))
        return standing

    def submit_release(self, release_id: str) -> g.ReleaseRecord:
        return self._move(release_id, ReleaseState.SUBMITTED)

    def withdraw_release(self, release_id: str, reason: str) -> g.ReleaseRecord:
        return self._move(release_id, ReleaseState.RETIRED)

    def release(self, release_id: str) -> g.ReleaseRecord:
        self._reach("release")
        if release_id not in self.drafted:
            raise NotFound("there is no such release")
        return self.drafted[release_id]

    def releases(self) -> list[g.ReleaseRecord]:
        self._reach("releases")
        return list(self.drafted.values())

    def current_release(self, use_case: str) -> g.ReleaseRecord | None:
        self._reach("current_release")
        released = [r for r in self.drafted.values() if r.draft.use_case == use_case and r.released_at]
        return max(released, key=lambda r: r.released_at, default=None)

    def sign_off(self, release_id: str, request: g.SignOffRequest) -> g.ReleaseRecord:
        return self.sign_off_as(release_id, request, person=f"person-{request.role}", institution=None)

    def sign_off_as(
        self, release_id: str, request: g.SignOffRequest, *, person: str, institution: str | None
    ) -> g.ReleaseRecord:
        record = self.release(release_id)
        if request.subject_digest != record.draft.subject_digest:
            raise NotAllowed("the sign-off is for other content")
        signed = g.SignOff(person=person, institution=institution, signed_at=datetime.now(UTC), **request.model_dump())
        return self._update(release_id, sign_offs=(*record.sign_offs, signed))

    def request_waiver(self, release_id: str, request: g.WaiverRequest) -> g.ReleaseRecord:
        waiver = g.Waiver(**request.model_dump(), requested_by="person-requester", approved_by=None, approved_at=None)
        return self._update(release_id, waivers=(*self.release(release_id).waivers, waiver))

    def approve_waiver(self, release_id: str, control_id: str) -> g.ReleaseRecord:
        approved = {"approved_by": "person-approver", "approved_at": datetime.now(UTC)}
        waivers = self.release(release_id).waivers
        if control_id not in {w.control_id for w in waivers}:
            raise NotFound("there is no such waiver")
        changed = tuple(w.model_copy(update=approved) if w.control_id == control_id else w for w in waivers)
        return self._update(release_id, waivers=changed)

    def publish_release(self, release_id: str) -> g.ReleaseRecord:
        self._move(release_id, ReleaseState.RELEASED)
        return self._update(release_id, released_at=datetime.now(UTC))

    def suspend_release(self, release_id: str, reason: str) -> g.ReleaseRecord:
        self._move(release_id, ReleaseState.SUSPENDED)
        return self._update(release_id, suspended_reason=reason)

    def incidents(self) -> list[g.IncidentStanding]:
        self._reach("incidents")
        return list(self.reported)

    def sending_stop(self) -> g.SendingStop | None:
        self._reach("sending_stop")
        return self.stop

    def stop_sending(self, reason: str) -> g.SendingStop:
        self._reach("stop_sending")
        self.stop = self.stop or g.SendingStop(reason=reason, stopped_at=datetime.now(UTC))
        return self.stop

    def lift_stop(self) -> None:
        self._reach("lift_stop")
        self.stop = None

    def send_warnings(self, warnings: list[m.WarningMessage]) -> int:
        self._reach("send_warnings")
        for warning in warnings:
            known = self.sent.setdefault(warning.warning_id, _over_the_wire(warning))
            if known.participant != warning.participant:
                raise NotAllowed("a warning with this id went to another participant")
        return len(warnings)

    def warnings(self) -> list[m.WarningStanding]:
        return [_standing(w, self.answers.get(w.warning_id, ())) for w in self.sent.values()]

    def row_exports(self, since: datetime | None) -> g.RowExports:
        self._reach("row_exports")
        taken = [beyond for at, beyond in self.exported if since is None or at >= since]
        return g.RowExports(taken=len(taken), beyond_own=sum(taken))

    def answer(self, answer: m.AnswerMessage) -> None:
        if answer.warning_id not in self.sent:
            raise NotFound("there is no such warning")
        if self.sent[answer.warning_id].participant != answer.participant:
            raise NotAllowed("the warning went to another participant")
        self.answers.setdefault(answer.warning_id, []).append(_over_the_wire(answer))

    def record_event(self, event: m.AuditEvent) -> None:
        self._reach("record_event")
        self.events.append(_over_the_wire(event))

    def close(self) -> None:
        """There is no connection to close."""

    def log_hashes(self, *, after: int) -> LogHashes:
        self._reach("log_hashes")
        place, hashes = START, []
        for event in self.events:
            place, _ = line_after(canonical_bytes(event.model_dump(mode="json")), place)
            hashes.append(place.hash)
        return LogHashes(size=len(hashes), after=after, hashes=tuple(hashes[after : after + 3]))  # small pages

    def report_checkpoint(self, signed: SignedCheckpoint) -> None:
        self._reach("report_checkpoint")
        known = self.shown.setdefault(_place(signed), CheckpointStanding(signed=_over_the_wire(signed)))
        if known.signed != signed:
            raise AuditBroken("another checkpoint of this size was reported before")

    def checkpoints(self, log: AuditLog) -> list[CheckpointStanding]:
        self._reach("checkpoints")
        return [self.shown[key] for key in sorted(self.shown, reverse=True) if key[0] == log]

    def cosign(self, cosignature: Cosignature) -> None:
        self._reach("cosign")
        known = self.shown.get(_place(cosignature))
        if known is None:
            raise NotFound("the portal was not shown this checkpoint")
        if known.signed.checkpoint != cosignature.checkpoint:
            raise AuditBroken("the portal was shown another checkpoint of this size")
        others = [c for c in known.cosignatures if c.participant != cosignature.participant]
        changed = {"cosignatures": (*others, _over_the_wire(cosignature))}
        self.shown[_place(cosignature)] = known.model_copy(update=changed)

    # --- within ------------------------------------------------------------------------------------------------------

    def _reach(self, method: str) -> None:
        if method in self.down:
            raise PortalFault("the portal does not answer")

    def _check_may_follow(self, known: m.UploadReport, report: m.UploadReport) -> None:
        if report.state not in UPLOAD_NEXT[known.state]:
            raise NotAllowed(f"a submission that is {known.state} does not become {report.state}")
        kind = ORDERED.get((known.state, report.state))
        if kind and not any(o.kind == kind and o.submission_id == report.submission_id for o in self.ordered):
            raise NotAllowed(f"no approved order lets this submission become {report.state}")

    def _number_taken(self, report: m.UploadReport) -> bool:
        place = (report.participant, report.dataset, report.sequence)
        others = (r for r in self.reports.values() if r.submission_id != report.submission_id and r.state in LANDED)
        return any((r.participant, r.dataset, r.sequence) == place for r in others)

    def _stands(self, order: m.SubmissionOrder) -> bool:
        report = self.reports.get(order.submission_id)
        return report is None or report.state == ORDER_STANDS_IN[order.kind]

    def _next_sequences(self, participant: str) -> dict[Dataset, int]:
        taken = [r for r in self.uploads(participant) if r.state in LANDED]
        return {d: 1 + max((r.sequence for r in taken if r.dataset == d), default=0) for d in Dataset}

    def _move(self, release_id: str, to: ReleaseState) -> g.ReleaseRecord:
        record = self.release(release_id)
        if to not in NEXT[record.state]:
            raise NotAllowed(f"a release cannot go from {record.state} to {to}")
        return self._update(release_id, state=to)

    def _update(self, release_id: str, **changes: object) -> g.ReleaseRecord:
        self.drafted[release_id] = self.release(release_id).model_copy(update=changes)
        return self.drafted[release_id]


def signed_mou(*, expires_on: date | None = None) -> m.MouStanding:
    today = datetime.now(UTC).date()
    return m.MouStanding(
        version="1.0",
        digest="0" * 64,
        valid_from=today - timedelta(days=30),
        expires_on=expires_on or today + timedelta(days=365),
        signed_at=datetime.now(UTC),
        purposes=("fraud_prevention",),
    )


def specification_in_force(*, version: int = LATEST, digest: str | None = None) -> m.SpecificationStanding:
    return m.SpecificationStanding(
        version=version,
        digest=digest or load_specification(LATEST).digest,
        ratified_by=(),
        in_force_from=datetime.now(UTC) - timedelta(days=1),
    )


def standing_of(portal: MemoryPortal, states: Iterable[UploadState]) -> dict[tuple[str, str, int], UploadState]:
    """(participant, dataset, sequence) -> state, for reports in `states`."""
    wanted = set(states)
    return {(r.participant, r.dataset, r.sequence): r.state for r in portal.uploads() if r.state in wanted}


def _registered(registration: m.KeyRegistration) -> m.RegisteredKey:
    return m.RegisteredKey(
        kid=registration.kid,
        purpose=registration.purpose,
        public_key=registration.public_key,
        state="active",
        registered_at=datetime.now(UTC),
    )


def _standing(warning: m.WarningMessage, answers: Iterable[m.AnswerMessage]) -> m.WarningStanding:
    return m.WarningStanding(
        **warning.model_dump(include={"warning_id", "participant", "kind", "severity", "composed_at"}),
        delivered_at=datetime.now(UTC),
        attempts=1,
        answers=tuple(answers),
    )


def _place(document: SignedCheckpoint | Cosignature) -> tuple[AuditLog, int]:
    return document.checkpoint.log, document.checkpoint.size


def _over_the_wire(message):
    return type(message).model_validate_json(message.model_dump_json())

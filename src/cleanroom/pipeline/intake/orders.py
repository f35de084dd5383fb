"""What two people ordered in the portal: a submission is let out of quarantine, or withdrawn.

The portal keeps the four eyes; the room keeps everything else. A released submission is judged again from the
beginning, and only rules of the gate are waived for it.
"""

from datetime import UTC, datetime

from cleanroom.contracts.manifest import INBOX, MANIFEST_CAP_BYTES, SignedManifest
from cleanroom.contracts.messages import AuditEvent, ParticipantGate, SubmissionOrder
from cleanroom.errors import NotAllowed, NotFound, Refusal, Where
from cleanroom.intake.decision import Decision, detail_of
from cleanroom.intake.inbox import InboxPath
from cleanroom.pipeline.auditing import record
from cleanroom.pipeline.intake.deciding import decide, look_at
from cleanroom.pipeline.intake.settling import settle
from cleanroom.pipeline.intake.waiting import Inbox
from cleanroom.pipeline.room import Room
from cleanroom.stores.audit_file import AuditFile
from cleanroom.vocabulary.terms import UploadState

NOT_CARRIED_OUT = "order.refused"


def withdraw(room: Room, inbox: Inbox, orders: list[SubmissionOrder]) -> list[Refusal]:
    """Rows and handles of every submission that is to be withdrawn go. Its key and its receipt: `settle_ends`."""
    return [refusal for order in orders if order.kind == "withdraw" if (refusal := _withdrawn(room, inbox, order))]


def release(
    room: Room, inbox: Inbox, orders: list[SubmissionOrder], gate: ParticipantGate
) -> tuple[list[Decision], list[Refusal]]:
    """Judge again what is to be let out of quarantine. What landed, and refusals of what stays there."""
    decisions, refusals = [], []
    for order in sorted((o for o in orders if o.kind == "release"), key=lambda o: (o.dataset, o.sequence)):
        try:
            path = _quarantined(room, inbox, order)
        except Refusal as e:
            refusals.append(_recorded(room, order, e))
            continue
        decision = decide(room, look_at(room, path, gate, order=order))
        if decision.refusal is not None:  # it stays in quarantine, and the order stays open
            refusals.append(_recorded(room, order, decision.refusal))
            continue
        settle(room, decision)
        decisions.append(decision)
    return decisions, refusals


def _withdrawn(room: Room, inbox: Inbox, order: SubmissionOrder) -> Refusal | None:
    row = next((r for r in inbox.ledger.values() if r["submission_id"] == order.submission_id), None)
    if row is None:
        missing = NotFound(
            "no submission of this id has landed here; nothing was withdrawn",
            zh="無此代號之上傳件已收件；未撤回任何資料",
            rule="withdraw_unknown",
        )
        return _recorded(room, order, missing)
    if row["state"] == UploadState.SUPERSEDED:
        gone = NotAllowed(
            "the submission was replaced before; its rows and its key are gone",
            zh="此上傳件先前已被取代，其資料列與金鑰均已銷毀",
            rule="withdraw_gone",
        )
        return _recorded(room, order, gone)
    room.warehouse.withdraw(order.submission_id, at=datetime.now(UTC))
    return None


def _quarantined(room: Room, inbox: Inbox, order: SubmissionOrder) -> InboxPath:
    """The place of the submission that is to be released. Raises NotFound, NotAllowed."""
    folder = f"{INBOX}/{order.participant}/{order.dataset}/{order.sequence:08d}/"
    for path in sorted(p for p in inbox.manifests if p.manifest.startswith(folder)):
        answers = inbox.answers.get(path, set())
        if UploadState.QUARANTINED in answers and _id_at(room, path) == order.submission_id:
            return path
    raise NotFound(
        "no submission of this id lies in quarantine; nothing was released",
        zh="無此代號之上傳件在隔離中；未放行任何資料",
        rule="release_unknown",
    )


def _id_at(room: Room, path: InboxPath) -> str | None:
    try:
        raw = room.objects.get_bytes(path.manifest, cap_bytes=MANIFEST_CAP_BYTES)
        return SignedManifest.from_bytes(raw).manifest.submission_id
    except Refusal:
        return None  # what cannot be read was refused, not quarantined


def _recorded(room: Room, order: SubmissionOrder, refusal: Refusal) -> Refusal:
    """An order that cannot be carried out is told once for each reason; it stays open in the portal."""
    refusal = type(refusal)(refusal.sentence, zh=refusal.zh, where=Where(file=_place(order)), rule=refusal.rule)
    log = AuditFile(room.settings.audit_file)
    detail = {**detail_of(order), "kind": order.kind, "reason": refusal.reason, "rule": refusal.rule}
    known = log.last(order.submission_id, verb=NOT_CARRIED_OUT)
    if known is None or known[1].detail != detail:
        event = AuditEvent(
            at=datetime.now(UTC),
            actor="room:intake",
            verb=NOT_CARRIED_OUT,
            subject=order.submission_id,
            detail=detail,
        )
        record(event, log=log, portal=room.portal)
    return refusal


def _place(order: SubmissionOrder) -> str:
    return f"{order.participant}/{order.dataset}/{order.sequence:08d}"

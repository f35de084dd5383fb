"""Take an institution's answer: signed by its own key over the API, or given by its officer on the page."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.canonical import ANSWER_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import AnswerMessage
from cleanroom.errors import NotAllowed, NotFound, NotTheOwner, SignatureRefused
from cleanroom.vocabulary.terms import AnswerKind
from portal.accounts.permissions import Permission, check_may
from portal.alerts import webhook_key
from portal.alerts.models import WarningAnswer, WarningRecord
from portal.alerts.names import ANSWER_NAMES
from portal.alerts.states import NEXT_ANSWER, SETTLED
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.queries import active_signing_key
from portal.programme.actions import close_on_evidence
from portal.programme.models import EvidenceKind

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def answer_by_key(message: AnswerMessage, *, by: "User") -> WarningAnswer:
    """An institution's service answers; its signature counts. The same answer again changes nothing."""
    check_may(by, Permission.ANSWER_WARNING, institution=message.participant)
    _check_signature(message)
    return _take(message, by=by, person=None)


@transaction.atomic
def answer_on_page(
    warning_id: str, *, answer: AnswerKind, action: str, reason: str, held_cents: int, by: "User"
) -> WarningAnswer:
    """An officer answers at the portal, which signs with its own key that this person, signed in, said so."""
    row = _row(warning_id)
    check_may(by, Permission.ANSWER_WARNING, institution=row.participant.code)
    key = webhook_key.read(settings.HOME / "keys")
    said = {
        "warning_id": warning_id,
        "participant": row.participant.code,
        "answer": answer,
        "action": action,
        "answered_at": timezone.now(),
        "reason": reason,
        "held_cents": held_cents,
        "signing_kid": key.kid,
    }
    unsigned = AnswerMessage(**said, signature="")
    message = AnswerMessage(**said, signature=key.sign(ANSWER_DOMAIN, _payload(unsigned)))
    return _take(message, by=by, person=by)


def _payload(message: AnswerMessage) -> bytes:
    """What a signature of an answer covers, after its domain."""
    return canonical_bytes(message.model_dump(mode="json", exclude={"signature"}))


def _check_signature(message: AnswerMessage) -> None:
    key = active_signing_key(message.participant, message.signing_kid)
    if key is None:
        raise SignatureRefused(
            **said(
                "the answer is signed with a key that is not approved for the institution; propose it, let a second "
                "person approve it, and answer again"
            )
        )
    if not webhook_key.verify(key.public_key, message.signature, ANSWER_DOMAIN + _payload(message)):
        raise SignatureRefused(**said("the answer's signature does not verify under the institution's registered key"))


def _row(warning_id: str) -> WarningRecord:
    row = (
        WarningRecord.objects.select_for_update(of=("self",))
        .select_related("participant")
        .filter(warning_id=warning_id)
        .first()
    )
    if row is None:
        raise NotFound(**said("There is no such warning."))
    return row


def _take(message: AnswerMessage, *, by: "User", person: "User | None") -> WarningAnswer:
    row = _row(message.warning_id)
    if row.participant.code != message.participant:
        raise NotTheOwner(**said("the warning was sent to another institution"))
    if known := row.answers.filter(answer=message.answer).first():
        return _check_repeated(known, message)
    _check_next(row, message.answer)
    now = timezone.now()
    stored = WarningAnswer.objects.create(
        warning=row,
        answer=message.answer,
        action=message.action,
        answered_at=message.answered_at,
        received_at=now,
        held_cents=message.held_cents,
        message=message.model_dump(mode="json"),
        signing_kid=message.signing_kid,
        answered_by=person,
    )
    _move(row, message, now)
    _record(row, message, by=by)
    return stored


def _check_repeated(known: WarningAnswer, message: AnswerMessage) -> WarningAnswer:
    """A retry of the same answer is fine; another content under the same kind is not."""
    if known.message != message.model_dump(mode="json"):
        raise NotAllowed(
            **said("This answer was given before, with other content; an answer is not changed afterwards.")
        )
    return known


def _check_next(row: WarningRecord, answer: AnswerKind) -> None:
    before = AnswerKind(row.standing) if row.standing else None
    if answer not in NEXT_ANSWER[before]:
        names = {"before": ANSWER_NAMES[before], "answer": ANSWER_NAMES[answer]}
        raise NotAllowed(**said("After the answer “%(before)s” the answer “%(answer)s” is not possible.", **names))


def _move(row: WarningRecord, message: AnswerMessage, now: datetime) -> None:
    """The clock is the portal's: an institution's own clock is kept in the answer and decides nothing."""
    row.standing = message.answer
    row.answered_at = row.answered_at or now
    row.held_cents = message.held_cents
    if message.answer in SETTLED:
        row.settled_at = now
    row.save(update_fields=["standing", "answered_at", "held_cents", "settled_at"])


def _record(row: WarningRecord, message: AnswerMessage, *, by: "User") -> None:
    subject = f"warning:{row.warning_id}"
    detail = {"answer": str(message.answer), "action": message.action, "participant": message.participant}
    record(by=by, verb="warning.answered", subject=subject, detail=detail)
    close_on_evidence(EvidenceKind.FIRST_WARNING_ANSWERED, subject, by=by)

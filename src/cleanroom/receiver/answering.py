"""Answers: decided by rule, signed, written down, then sent until the portal has taken them."""

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from cleanroom.contracts.canonical import ANSWER_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import AnswerMessage
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.errors import Fault, Refusal
from cleanroom.receiver.deciding import Rule, decide
from cleanroom.receiver.inbox import Inbox, Stored
from cleanroom.receiver.portal import PortalClient

LOG = logging.getLogger("cleanroom.receiver")
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 60.0


def signed_answer(stored: Stored, rule: Rule, *, ring: ParticipantKeyRing, now: datetime) -> AnswerMessage:
    unsigned = AnswerMessage(
        warning_id=stored.message.warning_id,
        participant=ring.institution,
        answer=rule.answer,
        action=rule.action,
        answered_at=now,
        reason=rule.reason,
        held_cents=rule.held_cents(stored.body),
        signing_kid=ring.signing_kid,
        signature="",
    )
    payload = canonical_bytes(unsigned.model_dump(mode="json", exclude={"signature"}))
    return unsigned.model_copy(update={"signature": ring.sign(ANSWER_DOMAIN, payload)})


class Answerer:
    """Answers what waits in the inbox. `run` is the thread's loop; `once` does one round."""

    def __init__(self, inbox: Inbox, ring: ParticipantKeyRing, rules: Sequence[Rule], portal: PortalClient):
        self._inbox, self._ring, self._rules, self._portal = inbox, ring, rules, portal
        self._wake, self._stop = threading.Event(), threading.Event()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def run(self) -> None:
        """Until stopped. After a fault it waits, longer each time, and goes on with what is still pending."""
        pause = FIRST_PAUSE_SECONDS
        while not self._stop.is_set():
            try:
                self.once()
                pause, wait = FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
            except Fault as e:
                LOG.warning("answers wait: %s", e.sentence)
                pause, wait = min(2 * pause, LONGEST_PAUSE_SECONDS), pause
            except Exception as e:  # what nobody foresaw must not silence the answers; its text may quote a warning
                LOG.error("answers wait: %s was not foreseen", type(e).__name__)
                pause, wait = LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
            self._wake.wait(wait)
            self._wake.clear()

    def once(self) -> int:
        """Decide what is undecided, send what is pending; returns how many answers the portal took. Raises the
        portal's fault, with everything unsent still pending."""
        for stored in self._inbox.without_answer():
            rule = decide(self._rules, stored.message, stored.body)
            self._inbox.add_answer(signed_answer(stored, rule, ring=self._ring, now=datetime.now(UTC)))
        return sum(self._send(answer) for answer in self._inbox.pending_answers())

    def _send(self, answer: AnswerMessage) -> bool:
        try:
            self._portal.answer(answer)
        except Refusal as e:
            # A person must look: the same answer would be refused again.
            LOG.error("an answer was refused: %s", e.sentence)
            self._inbox.mark_answer(answer, state="refused", detail=e.sentence)
            return False
        except Fault as e:
            self._inbox.mark_answer(answer, state="pending", detail=e.sentence)
            raise
        self._inbox.mark_answer(answer, state="sent")
        return True

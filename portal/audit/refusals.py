"""An attempt to change something that was refused leaves an event too: who asked for what, and why it was not done."""

import logging

from django.db import DatabaseError, transaction
from django.http import HttpRequest

from cleanroom.errors import Refusal
from portal.accounts.models import User
from portal.audit.actions import record

log = logging.getLogger(__name__)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def note_refusal(request: HttpRequest, error: Exception) -> None:
    """Named by the call's route, so that nothing of what was sent comes into the log. Readers, and those whom the
    portal does not know, leave none. A log that cannot be written must not hide the refusal."""
    by = getattr(request, "auth", None) or getattr(request, "user", None)
    if request.method in _SAFE or not isinstance(error, Refusal) or not isinstance(by, User):
        return
    route = request.resolver_match.route if request.resolver_match else ""
    detail = {"reason": error.reason, "rule": error.rule}
    try:
        with transaction.atomic():
            record(by=by, verb="request.refused", subject=f"call:{route}"[:200], detail=detail)
    except DatabaseError:
        log.exception("a refusal could not be recorded")

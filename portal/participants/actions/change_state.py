"""Suspend, reinstate, and let an institution leave."""

from django.db import transaction

from cleanroom.errors import NotAllowed, RequestInvalid
from portal.accounts.models import User
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.posting import one_of
from portal.common.said import said
from portal.participants.actions.ratify_specification import enter_force_where_complete
from portal.participants.models import Participant
from portal.participants.queries import participant_for_change

State = Participant.State

# Invited becomes active by signing the MoU, never by hand.
NEXT = {
    State.INVITED: {State.LEFT},
    State.ACTIVE: {State.SUSPENDED, State.LEFT},
    State.SUSPENDED: {State.ACTIVE, State.LEFT},
    State.LEFT: set(),
}


def change_state(*, by: User, participant: str, to: State | str, reason: str) -> Participant:
    """Move the institution with this code along `NEXT`; the reason stands in the audit log."""
    check_may(by, Permission.CHANGE_PARTICIPANT_STATE)
    to = one_of(State, to)
    if len(reason.strip()) < 10:
        raise RequestInvalid(**said("give the reason in a sentence (at least 10 characters)"))
    with transaction.atomic():
        found = participant_for_change(participant)
        if to not in NEXT[State(found.state)]:
            raise NotAllowed(
                **said(
                    "an institution cannot go from %(before)s to %(after)s",
                    before=State(found.state).label,
                    after=to.label,
                )
            )
        before, found.state = found.state, to
        found.save(update_fields=["state"])
        record(
            by=by, verb=f"participant.{to.value}", subject=f"participant:{participant}",
            detail={"before": before, "reason": reason.strip()},
        )  # fmt: skip
        # One voice fewer may be the last that was missing.
        enter_force_where_complete(by=by)
        return found

"""What two people may order on a submission, as tables: from which state, to which, and what cannot be undone."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cleanroom.vocabulary.terms import UploadState as S
from portal.accounts.permissions import Permission


class Kind(StrEnum):
    RELEASE = "release"
    WITHDRAW = "withdraw"


class End(StrEnum):
    CARRIED_OUT = "carried_out"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"
    OVERTAKEN = "overtaken"  # the submission went another way, e.g. was superseded


@dataclass(frozen=True)
class Rule:
    """`only_on`: the state that the submission must be in; `leads_to`: the state whose report ends the order."""

    only_on: S
    leads_to: S
    order: Permission
    approve: Permission
    label: Promise
    does: Promise
    never_undone: Promise


RULES = {
    Kind.RELEASE: Rule(
        S.QUARANTINED, S.ACCEPTED, Permission.ORDER_RELEASE, Permission.APPROVE_RELEASE_ORDER,
        label=_("Release from quarantine"),
        does=_("The clean room takes the submission in although it broke rules of its gate."),
        never_undone=_(
            "The rows then count in every later step. They leave again only by a withdrawal of the whole submission."
        ),
    ),
    Kind.WITHDRAW: Rule(
        S.ACCEPTED, S.WITHDRAWN, Permission.ORDER_WITHDRAWAL, Permission.APPROVE_WITHDRAWAL_ORDER,
        label=pgettext_lazy("submission", "Withdraw"),
        does=_("The clean room removes the submission's rows and destroys its key."),
        never_undone=_(
            "Without its key nobody can open the sealed parts again, wherever copies of them lie: neither the clean "
            "room nor the institution. The number stays used; the same data can come back only as a new submission."
        ),
    ),
}  # fmt: skip

STATE_NAMES = {
    "open": (_("Waits for a second person"), "warn"),
    "approved": (_("Approved, waits for the clean room"), "warn"),
    End.CARRIED_OUT.value: (_("Carried out"), "good"),
    End.DECLINED.value: (_("Declined"), "idle"),
    End.TAKEN_BACK.value: (_("Taken back"), "idle"),
    End.OVERTAKEN.value: (_("Overtaken"), "idle"),
}

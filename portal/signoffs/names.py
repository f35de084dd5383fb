"""What people call states, outcomes and answers of a release."""

from django.utils.translation import gettext_lazy as _

from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState

STATE_NAMES = {
    ReleaseState.DRAFT.value: _("Draft"),
    ReleaseState.EVALUATED.value: _("Evaluated"),
    ReleaseState.SUBMITTED.value: _("Waits for sign-offs"),
    ReleaseState.APPROVED.value: _("Approved"),
    ReleaseState.RELEASED.value: _("Released"),
    ReleaseState.SUSPENDED.value: _("Suspended"),
    ReleaseState.RETIRED.value: _("Retired"),
}

STATE_TONES = {
    ReleaseState.DRAFT.value: "idle",
    ReleaseState.EVALUATED.value: "idle",
    ReleaseState.SUBMITTED.value: "warn",
    ReleaseState.APPROVED.value: "warn",
    ReleaseState.RELEASED.value: "good",
    ReleaseState.SUSPENDED.value: "bad",
    ReleaseState.RETIRED.value: "idle",
}

OUTCOME_NAMES = {
    ControlOutcome.PASS.value: _("met"),
    ControlOutcome.FAIL.value: _("not met"),
    ControlOutcome.WARN.value: _("warning"),
    ControlOutcome.NOT_MEASURABLE.value: _("not measured"),
    ControlOutcome.WAIVED.value: _("waived"),
    "": _("does not apply"),
}

OUTCOME_TONES = {
    ControlOutcome.PASS.value: "good",
    ControlOutcome.FAIL.value: "bad",
    ControlOutcome.WARN.value: "warn",
    ControlOutcome.NOT_MEASURABLE.value: "warn",
    ControlOutcome.WAIVED.value: "warn",
    "": "idle",
}

DECISION_NAMES = {"approve": _("approves"), "reject": _("rejects")}

EVIDENCE_NAMES = {"metric": _("measured"), "document": _("document"), "sign-off": _("sign-off")}

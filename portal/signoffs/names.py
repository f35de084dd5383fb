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

VERDICT_NAMES = {"open": _("gate open"), "shut": _("gate shut"), "unjudgeable": _("cannot be judged")}
VERDICT_TONES = {"open": "good", "shut": "bad", "unjudgeable": "warn"}

FORM_RULES = {
    "form_size": _("The file is larger than a form can be."),
    "form_file": _("The file is no spreadsheet (.xlsx)."),
    "form_sheets": _("This is not the check form; download one here first."),
    "form_format": _("This is not the check form; download one here first."),
    "form_policy": _("The form belongs to another policy, or to another content of it; download one here again."),
    "form_rows": _("Rows were added, removed or put in another order; fill in a new form."),
    "form_formula": _("A formula stands here; write the value itself."),
    "form_value": _("The value is missing, is an error, or is no number; or a text stands here without a value."),
    "form_text": _("A text is missing or too long; both languages are needed."),
}

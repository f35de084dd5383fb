"""What people call states, outcomes and answers of a release."""

from django.utils.translation import gettext_lazy as _

from cleanroom.governance.catalogue import Unit
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

# A sign beside each name, so that colour is never alone in telling outcomes apart.
OUTCOME_MARKS = {
    ControlOutcome.PASS.value: "✓",
    ControlOutcome.FAIL.value: "✕",
    ControlOutcome.WARN.value: "!",
    ControlOutcome.NOT_MEASURABLE.value: "?",
    ControlOutcome.WAIVED.value: "≈",
    "": "–",
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

# What a figure is counted in.
UNIT_NAMES = {
    Unit.SHARE: _("share, 0 to 1"),
    Unit.RATIO: _("ratio"),
    Unit.INDEX: _("index"),
    Unit.NUMBER: _("count"),
    Unit.FLAG: _("(yes)"),
    Unit.DAYS: _("days"),
    Unit.HOURS: _("hours"),
    Unit.MINUTES: _("minutes"),
    Unit.SECONDS: _("seconds"),
    Unit.KWH: _("kWh"),
    Unit.TWD: _("TWD"),
}

# Figures of a model card that no control judges, and what else it names.
CARD_NAMES = {
    "recall_at_capacity": _("share of the accounts listed later that are warned of, at the capacity for warnings"),
    "amount_recall_at_capacity": _("share of their money that is warned of, at the capacity for warnings"),
    "selection_rate_ratio": _("least share of warned accounts of a group divided by the greatest"),
    "accounts": _("accounts"),
    "selection_rate": _("share warned of"),
    "false_positive_rate": _("share warned of among those never listed"),
    "true_positive_rate": _("share warned of among those listed later"),
    "cases": _("cases"),
    "pairs": _("pairs"),
    "gap": _("gap"),
    "succeeded": _("share that succeeded"),
    "kind": _("kind of account"),
    "institution": _("institution"),
    "attacks": _("kind of attack"),
    "as_of": _("cut-off"),
    "watch_listed": _("accounts on a watch-list"),
    "institutions": _("institutions"),
    "labels": _("labels"),
    "replayed_cut_offs": _("cut-offs replayed"),
    "horizon_days": _("days ahead"),
    "snapshot": _("data snapshot (SHA-256)"),
    "period": _("period"),
    "rows": _("rows"),
    "transcripts": _("transcripts"),
    "suite": _("suite"),
    "first_made_at": _("first made at"),
    "judge": _("judge"),
    "personal": _("personal"),
    "business": _("business"),
    "digital_1": _("digital, type 1"),
    "digital_2": _("digital, type 2"),
    "digital_3": _("digital, type 3"),
}
CARD_UNITS = {
    "recall_at_capacity": Unit.SHARE,
    "amount_recall_at_capacity": Unit.SHARE,
    "selection_rate_ratio": Unit.RATIO,
}

# What sign-offs and certificate bind to.
BOUND_NAMES = {
    "policy": _("Policy (SHA-256)"),
    "answers": _("Answers (SHA-256)"),
    "artefact": _("Model artefact (SHA-256)"),
    "code_commit": _("Code commit"),
    "data_snapshot": _("Data snapshot (SHA-256)"),
    "evaluation": _("Evaluation (SHA-256)"),
    "subject": _("All of them (SHA-256)"),
}

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

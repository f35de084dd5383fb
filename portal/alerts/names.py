"""What people call kinds, severities, deliveries, answers and measures."""

from django.utils.translation import gettext_lazy as _

from cleanroom.vocabulary.terms import AnswerKind, Severity, WarningKind
from portal.alerts.states import Delivery

KIND_NAMES = {
    WarningKind.MULE.value: _("Suspected mule account"),
    WarningKind.CARE.value: _("Care notice: potential victim"),
}

SEVERITY_NAMES = {Severity.CRITICAL.value: _("Critical"), Severity.NORMAL.value: _("Normal")}
SEVERITY_TONES = {Severity.CRITICAL.value: "bad", Severity.NORMAL.value: "idle"}

DELIVERY_NAMES = {
    Delivery.QUEUED.value: _("On its way"),
    Delivery.CAPPED.value: _("Over the daily cap"),
    Delivery.DELIVERED.value: _("Delivered"),
    Delivery.DEAD.value: _("Dead letter"),
}
DELIVERY_TONES = {
    Delivery.QUEUED.value: "warn",
    Delivery.CAPPED.value: "warn",
    Delivery.DELIVERED.value: "good",
    Delivery.DEAD.value: "bad",
}

ANSWER_NAMES = {
    AnswerKind.RECEIVED.value: _("Received"),
    AnswerKind.REVIEWING.value: _("Reviewing"),
    AnswerKind.CONTROLLED.value: _("Controlled"),
    AnswerKind.DISMISSED.value: _("Dismissed"),
}
ANSWER_TONES = {
    "": "bad",
    AnswerKind.RECEIVED.value: "warn",
    AnswerKind.REVIEWING.value: "warn",
    AnswerKind.CONTROLLED.value: "good",
    AnswerKind.DISMISSED.value: "idle",
}

ACTION_NAMES = {
    "none": _("No measure"),
    "call_customer": _("Call the customer"),
    "hold": _("Hold the sum"),
    "restrict": _("Restrict the account"),
}

# What rows of warnings may be taken away for.
PURPOSE_NAMES = {
    "case_work": _("Work on the institution's own cases"),
    "reconciliation": _("Reconciling with the institution's own records"),
    "incident": _("Looking into an incident or a complaint"),
    "audit": _("Audit or supervision"),
}

"""The tables of the warnings' pages."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.alerts.models import WarningRecord
from portal.alerts.names import (
    ANSWER_NAMES,
    ANSWER_TONES,
    DELIVERY_NAMES,
    DELIVERY_TONES,
    KIND_NAMES,
    SEVERITY_NAMES,
    SEVERITY_TONES,
)
from portal.common.tables import Table
from portal.common.templatetags.portal import badge, named

NUMBER = {"td": {"class": "number"}, "th": {"class": "number"}}


def twd(cents: int) -> str:
    """Whole TWD with thousands apart; cents are the wire's unit, not a reader's."""
    return f"{cents // 100:,}"


def span(seconds: float) -> str:
    """A duration as a person says it: the two largest units."""
    if seconds < 60:
        return _("%(n)s s") % {"n": f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.1f}"}
    minutes = int(seconds // 60)
    if minutes < 60:
        return _("%(m)s min") % {"m": minutes}
    return _("%(h)s h %(m)s min") % {"h": minutes // 60, "m": minutes % 60}


class WarningTable(Table):
    single_cases = True

    accepted_at = tables.DateTimeColumn(verbose_name=gettext_lazy("Since"), format="Y-m-d H:i:s")
    kind = tables.Column(verbose_name=gettext_lazy("Warning"))
    institution = tables.Column(
        verbose_name=gettext_lazy("Institution"), accessor="participant", order_by="participant__code"
    )
    severity = tables.Column(verbose_name=gettext_lazy("Severity"))
    amount = tables.Column(
        verbose_name=gettext_lazy("Money at most (TWD)"), accessor="amount_bound_cents", attrs=NUMBER
    )
    layer = tables.Column(verbose_name=gettext_lazy("Layer"), attrs=NUMBER)
    standing = tables.Column(verbose_name=gettext_lazy("Answer"), empty_values=())
    answered_at = tables.Column(verbose_name=gettext_lazy("Answered after"), empty_values=(), orderable=True)
    delivery = tables.Column(verbose_name=gettext_lazy("Delivery"))

    class Meta(Table.Meta):
        pass

    def render_kind(self, record: WarningRecord):
        url = reverse("alerts-warning", args=[record.warning_id])
        return format_html('<a href="{}">{}</a>', url, KIND_NAMES[record.kind])

    def value_kind(self, record: WarningRecord):
        return record.kind

    def render_institution(self, record: WarningRecord):
        return f"{record.participant.code} {named(record.participant)}"

    def render_severity(self, value: str):
        return badge(SEVERITY_NAMES[value], SEVERITY_TONES[value])

    def value_severity(self, value: str):
        return value

    def render_amount(self, value: int):
        return twd(value)

    def value_amount(self, value: int):
        return f"{value / 100:.2f}"

    def render_standing(self, record: WarningRecord):
        return badge(ANSWER_NAMES.get(record.standing, _("not answered")), ANSWER_TONES[record.standing])

    def value_standing(self, record: WarningRecord):
        return record.standing

    def render_answered_at(self, record: WarningRecord):
        if record.answered_at is None:
            return "–"
        return span((record.answered_at - record.accepted_at).total_seconds())

    def value_answered_at(self, record: WarningRecord):
        return record.answered_at.isoformat() if record.answered_at else ""

    def render_delivery(self, value: str):
        return badge(DELIVERY_NAMES[value], DELIVERY_TONES[value])

    def value_delivery(self, value: str):
        return value

"""The register as a table."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.common.tables import Table
from portal.common.templatetags.portal import badge
from portal.incidents.models import Incident
from portal.incidents.names import GRADE_NAMES, GRADE_TONES, KIND_NAMES, STATE_NAMES, STATE_TONES


class IncidentTable(Table):
    incident_id = tables.Column(verbose_name=_("Incident"), order_by="pk", attrs={"td": {"class": "nowrap"}})
    kind = tables.Column(verbose_name=_("Kind"))
    grade = tables.Column(verbose_name=_("Grade"))
    state = tables.Column(verbose_name=_("State"), order_by="standing")
    summary = tables.Column(verbose_name=_("What happened"), attrs={"td": {"class": "prose"}}, orderable=False)
    release = tables.Column(verbose_name=_("Release"), order_by="release__release_id")
    detected_at = tables.DateTimeColumn(verbose_name=_("Noticed at"), format="Y-m-d H:i")
    told_at = tables.DateTimeColumn(verbose_name=_("Participants told at"), format="Y-m-d H:i")
    closed_at = tables.DateTimeColumn(verbose_name=_("Closed at"), format="Y-m-d H:i")

    class Meta(Table.Meta):
        empty_text = _("No incident has been reported.")

    def render_incident_id(self, value: str):
        return format_html('<a href="{}">{}</a>', reverse("incidents-one", args=[value]), value)

    def value_incident_id(self, value: str):
        return value

    def render_kind(self, value: str):
        return KIND_NAMES[value]

    def render_grade(self, value: int):
        return badge(GRADE_NAMES[value], GRADE_TONES[value])

    def value_grade(self, value: int):
        return value

    def render_state(self, record: Incident):
        return badge(STATE_NAMES[record.state], STATE_TONES[record.state])

    def value_state(self, record: Incident):
        return record.state

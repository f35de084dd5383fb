"""The inventory of models."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.common.tables import Table
from portal.common.templatetags.portal import badge
from portal.signoffs.models import Release
from portal.signoffs.names import STATE_NAMES, STATE_TONES


class ReleaseTable(Table):
    release_id = tables.Column(verbose_name=_("Release"))
    model = tables.Column(verbose_name=_("Model"))
    use_case = tables.Column(verbose_name=_("Use case"))
    tier = tables.Column(verbose_name=_("Risk tier"))
    score = tables.Column(verbose_name=_("Risk score"), attrs={"td": {"class": "number"}, "th": {"class": "number"}})
    state = tables.Column(verbose_name=_("State"))
    developer = tables.Column(verbose_name=_("Developer"), order_by="developer__username")
    evaluated_at = tables.DateTimeColumn(verbose_name=_("Evaluated at"), format="Y-m-d H:i")
    released_at = tables.DateTimeColumn(verbose_name=_("Released at"), format="Y-m-d H:i")

    class Meta(Table.Meta):
        pass

    def render_release_id(self, value: str):
        return format_html('<a href="{}">{}</a>', reverse("signoffs-release", args=[value]), value)

    def value_release_id(self, value: str):
        return value

    def render_state(self, record: Release):
        return badge(STATE_NAMES[record.state], STATE_TONES[record.state])

    def value_state(self, record: Release):
        return record.state

    def render_score(self, value: float):
        return f"{value:.1f}"

"""The log as a table."""

import json

import django_tables2
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.audit.models import Event
from portal.common.tables import Table


class EventTable(Table):
    sequence = django_tables2.Column(verbose_name=_("No."), attrs={"td": {"class": "number"}}, localize=False)
    recorded_at = django_tables2.DateTimeColumn(format="Y-m-d H:i:s", verbose_name=_("Recorded at"))
    actor_id = django_tables2.Column(verbose_name=_("Who"), order_by="actor")
    verb = django_tables2.Column(verbose_name=_("What"))
    subject = django_tables2.Column(verbose_name=_("On"), attrs={"td": {"class": "digest"}})
    detail = django_tables2.Column(verbose_name=_("Detail"), orderable=False)
    digest = django_tables2.Column(verbose_name=_("Digest"), orderable=False)

    class Meta(Table.Meta):
        model = Event
        fields = ("sequence", "recorded_at", "actor_id", "verb", "subject", "detail", "digest")

    def render_actor_id(self, record: Event) -> str:
        if not record.reported_actor:
            return record.actor_id
        return format_html("{} <span class='dated'>({})</span>", record.actor_id, record.reported_actor)

    def render_detail(self, value: dict) -> str:
        return ", ".join(f"{name}: {content}" for name, content in value.items()) or "—"

    def value_detail(self, value: dict) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    def render_digest(self, value: str) -> str:
        return format_html('<span class="digest" title="{}">{}…</span>', value, value[:12])

    def value_digest(self, value: str) -> str:
        return value

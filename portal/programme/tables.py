"""The plan as a table."""

import django_tables2
from django.utils.translation import gettext_lazy as _

from portal.common.tables import Table
from portal.common.templatetags.portal import badge, named
from portal.programme.models import Milestone


class MilestoneTable(Table):
    number = django_tables2.Column(verbose_name=_("No."), order_by=("phase__position", "position"))
    phase = django_tables2.Column(verbose_name=_("Phase"), order_by="phase__position")
    name = django_tables2.Column(verbose_name=_("Milestone"), order_by="name")
    due_on = django_tables2.DateColumn(format="Y-m-d", verbose_name=_("Due"))
    standing = django_tables2.Column(verbose_name=_("State"), order_by=("done_at", "due_on"))
    evidence_kind = django_tables2.Column(verbose_name=_("Closes on"))
    done_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Done at"))
    # A submission is named by 64 digits: they may break anywhere, so that the other columns keep their room.
    evidence = django_tables2.Column(verbose_name=_("Evidence"), attrs={"td": {"class": "digest"}})

    class Meta(Table.Meta):
        model = Milestone
        fields = ("number", "phase", "name", "due_on", "standing", "evidence_kind", "done_at", "evidence")

    def render_phase(self, record: Milestone) -> str:
        return named(record.phase)

    value_phase = render_phase

    def render_name(self, record: Milestone) -> str:
        return named(record)

    value_name = render_name

    def render_standing(self, record: Milestone) -> str:
        return badge(record.standing.label, record.tone)

    def value_standing(self, record: Milestone) -> str:
        return record.standing.label

    def render_evidence_kind(self, record: Milestone) -> str:
        return record.get_evidence_kind_display()

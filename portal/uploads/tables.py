"""The tables of the uploads' pages."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.common.tables import Table
from portal.common.templatetags.portal import badge, named
from portal.uploads.models import RuleOutcome, Submission
from portal.uploads.names import DATASET_NAMES, STATE_NAMES, STATE_TONES

NUMBER = {"td": {"class": "number"}, "th": {"class": "number"}}


class SubmissionTable(Table):
    institution = tables.Column(
        verbose_name=gettext_lazy("Institution"), accessor="participant", order_by="participant__code"
    )
    dataset = tables.Column(verbose_name=gettext_lazy("Dataset"))
    sequence = tables.Column(verbose_name=gettext_lazy("Number"), attrs=NUMBER)
    period = tables.Column(verbose_name=gettext_lazy("Period"), accessor="period_first", order_by="period_first")
    state = tables.Column(verbose_name=gettext_lazy("State"))
    rows_sent = tables.Column(verbose_name=gettext_lazy("Rows"), accessor="rows", attrs=NUMBER)
    quality = tables.Column(verbose_name=gettext_lazy("Quality"), accessor="rules_broken", order_by="rules_broken")
    decided_at = tables.DateTimeColumn(verbose_name=gettext_lazy("Decided at"), format="Y-m-d H:i")

    class Meta(Table.Meta):
        pass

    def render_institution(self, record: Submission):
        return f"{record.participant.code} {named(record.participant)}"

    def render_dataset(self, record: Submission):
        url = reverse("uploads-detail", args=[record.submission_id])
        return format_html('<a href="{}">{}</a>', url, DATASET_NAMES[record.dataset])

    def value_dataset(self, record: Submission):
        return record.dataset

    def render_sequence(self, value: int):
        return value or "–"

    def render_period(self, record: Submission):
        return f"{record.period_first} – {record.period_last or ''}"

    def render_state(self, record: Submission):
        return badge(STATE_NAMES[record.state], STATE_TONES[record.state])

    def value_state(self, record: Submission):
        return record.state

    def render_rows_sent(self, value: int):
        return f"{value:,}"

    def value_rows_sent(self, value: int):
        return value

    def render_quality(self, record: Submission):
        if not record.rules_run:
            return _("not checked")
        if not record.rules_broken:
            return ngettext("%(n)s rule kept", "all %(n)s rules kept", record.rules_run) % {"n": record.rules_run}
        text = ngettext("%(broken)s of %(n)s rule broken", "%(broken)s of %(n)s rules broken", record.rules_run)
        return text % {"broken": record.rules_broken, "n": record.rules_run}

    def value_quality(self, record: Submission):
        return f"{record.rules_broken}/{record.rules_run}"


class RuleTable(Table):
    rule = tables.Column(verbose_name=gettext_lazy("Rule"))
    column = tables.Column(verbose_name=gettext_lazy("Column"))
    severity = tables.Column(verbose_name=gettext_lazy("Severity"))
    passed = tables.Column(verbose_name=gettext_lazy("Outcome"))
    failed_rows = tables.Column(verbose_name=gettext_lazy("Rows that fail"), attrs=NUMBER)
    where = tables.Column(verbose_name=gettext_lazy("Where"), accessor="row_numbers", orderable=False)

    class Meta(Table.Meta):
        pass

    def render_severity(self, value: str):
        return _("stops the file") if value == "fail" else _("is noted")

    def render_passed(self, record: RuleOutcome):
        if record.passed:
            return badge(_("kept"), "good")
        return badge(_("broken"), "bad" if record.severity == "fail" else "warn")

    def value_passed(self, value: bool):
        return value

    def render_failed_rows(self, value: int):
        return f"{value:,}"

    def render_where(self, value: list[int]):
        shown = ", ".join(f"{number:,}" for number in value[:8])
        return _("rows %(rows)s …") % {"rows": shown} if len(value) > 8 else shown

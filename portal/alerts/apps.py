from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.common.apps import PortalApp

SHOWN_AT_HOME = 5  # the rest stands in the inbox


class AlertsConfig(PortalApp):
    name = "portal.alerts"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        yield MenuEntry(60, gettext_lazy("Warnings"), "alerts", Permission.READ_WARNINGS)

    def waiting_for(self, person):
        from portal.accounts.permissions import Permission, may

        if person.institution and may(person, Permission.ANSWER_WARNING, institution=person.institution.code):
            yield from self._unanswered(person)
        if may(person, Permission.MANAGE_DELIVERY):
            yield from self._delivery(person)

    def _unanswered(self, person):
        from portal.alerts.names import KIND_NAMES
        from portal.alerts.queries import unanswered_of
        from portal.common.waiting import Waiting

        rows = unanswered_of(person.institution)
        for row in rows[:SHOWN_AT_HOME]:
            title = _("Answer the warning: %(kind)s") % {"kind": KIND_NAMES[row.kind]}
            url = reverse("alerts-warning", args=[row.warning_id])
            yield Waiting(title, url, since=row.accepted_at, urgent=row.severity == "critical")
        if (more := rows.count() - SHOWN_AT_HOME) > 0:
            title = ngettext(
                "%(n)s more warning waits for an answer", "%(n)s more warnings wait for an answer", more
            ) % {"n": more}
            yield Waiting(title, reverse("alerts"), since=rows[SHOWN_AT_HOME].accepted_at)

    def _delivery(self, person):
        """A stop that stands, days over the cap, dead letters, endpoints that went away."""
        from portal.alerts import queries
        from portal.common.waiting import Waiting

        url = reverse("alerts-health")
        if stop := queries.standing_stop():
            title = _("An emergency stop stands: nothing is sent")
            yield Waiting(title, url, since=stop.stopped_at, urgent=True, detail=stop.reason)
        for since, count in queries.dead_letters():
            title = ngettext("%(n)s warning could not be delivered", "%(n)s warnings could not be delivered", count) % {
                "n": count
            }
            yield Waiting(title, url, since=since, urgent=True)
        for capped in queries.capped_days():
            names = {"code": capped.participant.code, "n": capped.waiting}
            title = (
                ngettext(
                    "Institution %(code)s is over the daily cap: %(n)s warning waits",
                    "Institution %(code)s is over the daily cap: %(n)s warnings wait",
                    capped.waiting,
                )
                % names
            )
            yield Waiting(title, url, since=queries.start_of(capped.day), urgent=True)
        for endpoint in queries.disabled_endpoints():
            title = _("The alert address of institution %(code)s is out of use") % {"code": endpoint.participant.code}
            yield Waiting(title, url, since=endpoint.disabled_at, urgent=True, detail=endpoint.disabled_reason)

    def facts_for(self, person):
        from django.utils import timezone

        from portal.accounts.permissions import Permission, may_anywhere
        from portal.alerts.queries import visible_to
        from portal.common.facts import Fact

        if may_anywhere(person, Permission.READ_WARNINGS):
            waiting = visible_to(person).filter(standing="").count()
            label = gettext_lazy("Warnings without an answer")
            yield Fact(label, f"{waiting:,}", timezone.now(), reverse("alerts"))

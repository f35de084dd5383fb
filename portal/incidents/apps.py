from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.common.apps import PortalApp

NEWS = timedelta(days=14)  # how long what was told stands among an institution's tasks


class IncidentsConfig(PortalApp):
    name = "portal.incidents"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        yield MenuEntry(55, gettext_lazy("Incidents"), "incidents", Permission.READ_INCIDENTS)

    def waiting_for(self, person):
        from portal.accounts.permissions import Permission, may

        if may(person, Permission.HANDLE_INCIDENT):
            yield from self._open(person)
        elif person.institution and may(person, Permission.READ_INCIDENTS, institution=person.institution_code):
            yield from self._told()

    def _open(self, person):
        from portal.common.waiting import Waiting
        from portal.incidents.models import Incident

        for incident in Incident.objects.open():
            if title := _next_step(incident, person):
                names = {"number": incident.incident_id}
                urgent = incident.grade == 1 or incident.acknowledged_at is None
                yield Waiting(title % names, _page(incident), incident.detected_at, urgent, incident.summary)

    def _told(self):
        from portal.common.waiting import Waiting
        from portal.incidents.models import Incident

        for incident in Incident.objects.open().filter(told_at__gte=timezone.now() - NEWS):
            title = _("Read what was told of the incident %(number)s") % {"number": incident.incident_id}
            yield Waiting(title, _page(incident), incident.told_at, detail=incident.told_text)

    def facts_for(self, person):
        from portal.accounts.permissions import Permission, may
        from portal.common.facts import Fact
        from portal.incidents.models import Incident

        if may(person, Permission.READ_INCIDENTS):
            n = Incident.objects.open().count()
            yield Fact(gettext_lazy("Open incidents"), n, timezone.now(), reverse("incidents"))


def _next_step(incident, person) -> str:
    if incident.acknowledged_at is None:
        return _("Take the incident %(number)s on")
    if incident.kind == "privacy" and incident.told_at is None:
        return _("Tell the participants of the incident %(number)s")
    return "" if incident.reported_by_id == person.pk else _("Close the incident %(number)s once it is settled")


def _page(incident) -> str:
    return reverse("incidents-one", args=[incident.incident_id])

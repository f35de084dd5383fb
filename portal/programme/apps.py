from collections.abc import Iterator
from datetime import datetime, time

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.common.apps import PortalApp


class ProgrammeConfig(PortalApp):
    name = "portal.programme"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        return (MenuEntry(10, gettext_lazy("Programme"), "programme", Permission.READ_PROGRAMME),)

    def waiting_for(self, person) -> Iterator:
        """Late milestones, for who plans the programme."""
        from portal.accounts.permissions import Permission, may
        from portal.common.templatetags.portal import named
        from portal.common.waiting import Waiting
        from portal.programme import queries

        if not may(person, Permission.PLAN_PROGRAMME):
            return
        for milestone in queries.late(timezone.localdate()):
            title = _("Milestone is late: %(name)s") % {"name": named(milestone)}
            since = timezone.make_aware(datetime.combine(milestone.due_on, time.min))
            yield Waiting(title, reverse("programme"), since, urgent=True)

    def facts_for(self, person) -> Iterator:
        from portal.common.facts import Fact
        from portal.programme import queries

        done, every = queries.progress()
        if every:
            yield Fact(gettext_lazy("Milestones reached"), f"{done} / {every}", timezone.now(), reverse("programme"))

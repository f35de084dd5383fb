from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.common.apps import PortalApp

REJECTED_DAYS = 30  # after that a rejected upload is history


class UploadsConfig(PortalApp):
    name = "portal.uploads"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        yield MenuEntry(40, gettext_lazy("Uploads"), "uploads", Permission.READ_UPLOADS)

    def waiting_for(self, person):
        from portal.uploads.waiting import waiting_orders

        yield from waiting_orders(person)
        yield from self._rejected(person)

    def _rejected(self, person):
        """Rejected uploads, for the people of their institution who can mend them."""
        from cleanroom.vocabulary.terms import Role
        from portal.common.waiting import Waiting
        from portal.uploads.names import DATASET_NAMES
        from portal.uploads.queries import rejected_of

        if not person.institution or not person.roles & {Role.DATA_STEWARD, Role.PARTICIPANT_OFFICER}:
            return
        for row in rejected_of(person.institution, since=timezone.now() - timedelta(days=REJECTED_DAYS)):
            title = _("Mend the rejected upload: %(dataset)s") % {"dataset": DATASET_NAMES[row.dataset]}
            url = reverse("uploads-detail", args=[row.submission_id])
            yield Waiting(title, url, since=row.decided_at, detail=row.sentence)

    def facts_for(self, person):
        from portal.accounts.permissions import Permission, may_anywhere
        from portal.common.facts import Fact
        from portal.uploads.queries import accepted_for

        if not may_anywhere(person, Permission.READ_UPLOADS):
            return
        accepted = accepted_for(person)
        if accepted.count:
            yield Fact(gettext_lazy("Uploads accepted"), f"{accepted.count:,}", accepted.last, reverse("uploads"))

from django.utils.translation import gettext_lazy as _

from portal.common.apps import PortalApp


class ParticipantsConfig(PortalApp):
    name = "portal.participants"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        return (
            MenuEntry(20, _("Participants"), "participants", Permission.READ_PARTICIPANT),
            MenuEntry(30, _("Specification"), "specification", Permission.READ_PROGRAMME),
        )

    def waiting_for(self, person):
        from portal.participants.waiting import waiting_for

        return waiting_for(person)

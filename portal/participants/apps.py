from django.utils.translation import gettext_lazy as _

from portal.common.apps import PortalApp


class ParticipantsConfig(PortalApp):
    name = "portal.participants"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        return (
            MenuEntry(20, _("Participants"), "participants", Permission.READ_PARTICIPANT),
            MenuEntry(25, _("MoU"), "participants-mous", Permission.READ_PROGRAMME),
            MenuEntry(30, _("Specification"), "specification", Permission.READ_PROGRAMME),
        )

    def waiting_for(self, person):
        from portal.participants.waiting import waiting_for

        return waiting_for(person)

    def facts_for(self, person):
        from django.urls import reverse
        from django.utils import timezone

        from portal.accounts.permissions import Permission, may_anywhere
        from portal.common.facts import Fact
        from portal.participants.models import Participant

        if may_anywhere(person, Permission.READ_PARTICIPANT):
            active = Participant.objects.filter(state=Participant.State.ACTIVE).count()
            yield Fact(_("Active institutions"), active, timezone.now(), reverse("participants"))

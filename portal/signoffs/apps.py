from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.common.apps import PortalApp


class SignoffsConfig(PortalApp):
    name = "portal.signoffs"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        yield MenuEntry(50, gettext_lazy("Models"), "signoffs", Permission.READ_RELEASE)

    def waiting_for(self, person):
        from portal.accounts.permissions import Permission, may

        if may(person, Permission.SIGN_RELEASE) and person.capacities:
            yield from self._signatures(person)
        if may(person, Permission.APPROVE_WAIVER):
            yield from self._waivers(person)
        if may(person, Permission.PUBLISH_RELEASE):
            yield from self._publications(person)
            yield from self._suspended()
        if may(person, Permission.PUBLISH_RELEASE) or may(person, Permission.REQUEST_WAIVER):
            yield from self._endings()

    def _signatures(self, person):
        """Releases that miss a signature which this person may give."""
        from portal.common.waiting import Waiting
        from portal.signoffs.dossier import desks_of

        for release, desk in desks_of(person):
            if desk.capacities:
                title = _("Sign off the release %(release)s") % {"release": release.release_id}
                yield Waiting(title, _page(release), since=release.drafted_at, detail=release.use_case)

    def _waivers(self, person):
        from portal.common.waiting import Waiting
        from portal.signoffs.queries import waivers_to_approve

        for waiver in waivers_to_approve(person):
            names = {"control": waiver.control_id, "release": waiver.release.release_id}
            title = _("Approve or leave the waiver of %(control)s in %(release)s") % names
            yield Waiting(title, _page(waiver.release) + "#waivers", since=waiver.requested_at, detail=waiver.reason)

    def _publications(self, person):
        from portal.common.waiting import Waiting
        from portal.signoffs.queries import in_state

        for release in in_state("approved"):
            title = _("Release the approved model %(release)s") % {"release": release.release_id}
            yield Waiting(title, _page(release), since=release.drafted_at, detail=release.use_case)

    def _suspended(self):
        from portal.common.waiting import Waiting
        from portal.signoffs.queries import suspended
        from portal.signoffs.templatetags.governance import in_my_language

        for release in suspended():
            title = _("Decide on the suspended release %(release)s") % {"release": release.release_id}
            why = in_my_language(release.suspended_reason)
            since = release.suspended_at or release.drafted_at
            yield Waiting(title, _page(release), since=since, urgent=True, detail=why)

    def _endings(self):
        from portal.common.waiting import Waiting
        from portal.signoffs import ends

        for ending in ends.ending_soon(now=timezone.now()):
            begun = ending.ends_at - ends.SOON
            yield Waiting(_ending_title(ending), _page(ending.release), since=begun, urgent=ending.urgent)

    def facts_for(self, person):
        from portal.common.facts import Fact
        from portal.signoffs.queries import in_state

        for release in in_state("released"):
            yield Fact(gettext_lazy("Model in force"), release.release_id, release.released_at, _page(release))


def _ending_title(ending) -> str:
    names = {
        "release": ending.release.release_id,
        "control": ending.control_id,
        "when": timezone.localtime(ending.ends_at).strftime("%Y-%m-%d %H:%M"),
    }
    if ending.control_id:
        return _("The waiver of %(control)s in %(release)s ends at %(when)s: mend the control before") % names
    return _("The certificate of %(release)s ends at %(when)s: have a new release ready before") % names


def _page(release) -> str:
    return reverse("signoffs-release", args=[release.release_id])

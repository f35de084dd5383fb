from django.utils.translation import gettext_lazy

from portal.common.apps import PortalApp


class ResultsConfig(PortalApp):
    name = "portal.results"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        yield MenuEntry(70, gettext_lazy("Results"), "results", Permission.READ_RESULTS)

from django.utils.translation import gettext_lazy as _

from portal.common.apps import PortalApp


class AccountsConfig(PortalApp):
    name = "portal.accounts"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        return (MenuEntry(80, _("People"), "people", Permission.READ_PEOPLE),)

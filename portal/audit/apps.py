from django.utils.translation import gettext_lazy as _

from portal.common.apps import PortalApp


class AuditConfig(PortalApp):
    name = "portal.audit"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        return (
            MenuEntry(90, _("Audit"), "audit", Permission.READ_AUDIT),
            MenuEntry(91, _("Witnesses"), "audit-checkpoints", Permission.READ_CHECKPOINTS),
        )

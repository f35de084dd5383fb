from portal.common.apps import PortalApp


class AuditConfig(PortalApp):
    name = "portal.audit"

from portal.common.apps import PortalApp


class AlertsConfig(PortalApp):
    name = "portal.alerts"

from portal.common.apps import PortalApp


class SignoffsConfig(PortalApp):
    name = "portal.signoffs"

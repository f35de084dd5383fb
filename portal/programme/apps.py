from portal.common.apps import PortalApp


class ProgrammeConfig(PortalApp):
    name = "portal.programme"

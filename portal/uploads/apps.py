from portal.common.apps import PortalApp


class UploadsConfig(PortalApp):
    name = "portal.uploads"

from portal.common.apps import PortalApp


class ResultsConfig(PortalApp):
    name = "portal.results"

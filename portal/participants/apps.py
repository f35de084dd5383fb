from portal.common.apps import PortalApp


class ParticipantsConfig(PortalApp):
    name = "portal.participants"

from portal.common.apps import PortalApp


class AccountsConfig(PortalApp):
    name = "portal.accounts"

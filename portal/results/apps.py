from django.utils.translation import gettext_lazy

from portal.common.apps import PortalApp


class ResultsConfig(PortalApp):
    name = "portal.results"

    def menu(self):
        from portal.accounts.permissions import Permission
        from portal.common.menu import MenuEntry

        yield MenuEntry(70, gettext_lazy("Results"), "results", Permission.READ_RESULTS)

    def facts_for(self, person):
        from django.urls import reverse

        from portal.common.facts import Fact
        from portal.results.blocked import scenario_lines
        from portal.results.queries import latest

        result = latest("blocked")
        lines = scenario_lines(result.body) if result else []
        if lines:
            label = gettext_lazy("Extra money blocked together (TWD)")
            yield Fact(label, f"{lines[-1].extra_money_twd:,.0f}", result.computed_at, reverse("results"))

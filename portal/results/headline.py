"""The sentences over the results: how much more, or less, is blocked together, and over how many cases."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.results.blocked import ScenarioLine


def headline(line: ScenarioLine) -> str:
    """What the scenario adds to each bank alone; less and fewer where it takes away."""
    names = {"label": line.label, "money": money(line.extra_money_twd), "accounts": accounts(line.extra_accounts)}
    return _("%(label)s: %(money)s and %(accounts)s than each bank alone") % names


def money(extra_twd: float) -> str:
    amount = round(extra_twd)
    text = _("%(n)s TWD less") if amount < 0 else _("%(n)s TWD more")
    return text % {"n": f"{abs(amount):,}"}


def accounts(extra: int) -> str:
    if extra < 0:
        return ngettext("%(n)s account fewer", "%(n)s accounts fewer", -extra) % {"n": f"{-extra:,}"}
    return ngettext("%(n)s account more", "%(n)s accounts more", extra) % {"n": f"{extra:,}"}


def cases(body: Mapping[str, Any]) -> str:
    """Over how many listings and families of cases: the cases of one family are drawn together."""
    listings, families = int(body["listings"]), int(body["families"])
    names = {
        "listings": ngettext("%(n)s listing", "%(n)s listings", listings) % {"n": f"{listings:,}"},
        "families": ngettext("%(n)s family of cases", "%(n)s families of cases", families) % {"n": f"{families:,}"},
    }
    return _("%(listings)s in %(families)s") % names

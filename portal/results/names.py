"""What people call scenarios, stations and the states of transfers' legs."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cleanroom.vocabulary.terms import Scenario

SCENARIO_NAMES = {
    Scenario.OWN_BANK.value: _("Own bank alone"),
    Scenario.SHARED_LIST.value: _("Shared list"),
    Scenario.SHARED_GRAPH_DAILY.value: _("Shared graph, daily"),
    Scenario.SHARED_GRAPH_REALTIME.value: _("Shared graph, in real time"),
}

STATION_NAMES = {
    "sealing": pgettext_lazy("station", "Sealing"),
    "intake": _("Intake"),
    "moneyflow": _("Money flow"),
    "scoring": _("Scoring"),
    "dispatch": _("Dispatch"),
    "evaluation": _("Evaluation"),
}

LEG_NAMES = {
    "own": _("inside one institution"),
    "matched": _("both ends agree"),
    "unmatched": _("one end only"),
    "disagreeing": _("the ends disagree"),
}

DISPATCH_NAMES = {
    "send": _("sent now"),
    "known": _("sent before"),
    "unroutable": _("no participant to send to"),
    "held": _("held by the institution"),
    "capped": _("over the day's cap"),
}

PART_NAMES = {
    "institution": _("Institution"),
    "layer": _("Layer"),
    "typology": _("Typology"),
}

LAYER_NAMES = {
    "0": _("0 (where the loss came in)"),
    "none": _("no reported money came"),
}

TYPOLOGY_NAMES = {
    "fan_in": _("fan-in"),
    "fan_out": _("fan-out"),
    "chain": pgettext_lazy("typology", "chain"),
    "cycle": pgettext_lazy("typology", "cycle"),
    "gather_scatter": _("gather-scatter"),
    "scatter_gather": _("scatter-gather"),
    "bipartite": _("bipartite"),
    "stack": pgettext_lazy("typology", "stack"),
    "unknown": _("in no known pattern"),
}

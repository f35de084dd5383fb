"""Names of scenarios and typologies: the value itself in English, the results page's label in Chinese."""

from cleanroom.cli.words import told
from cleanroom.governance.reports.words import Words


def scenario_name(value: str) -> str:
    return told(value, _label("names", value))


def typology_name(value: str) -> str:
    return told(value, _label("typologies", value))


def _label(group: str, value: str) -> str:
    return Words("zh_hant", "cleanroom.results").of(group, value)

"""Sums and durations as people read them."""

from datetime import datetime

from django import template

from portal.alerts import tables

register = template.Library()


@register.filter
def twd(cents: int | None) -> str:
    return "–" if cents is None else tables.twd(cents)


@register.filter
def span(seconds: float | None) -> str:
    return "–" if seconds is None else tables.span(seconds)


@register.filter
def since(end: datetime, begin: datetime) -> str:
    return tables.span((end - begin).total_seconds())


@register.filter
def whole(number: float | None) -> str:
    """A whole number with thousands apart."""
    return "–" if number is None else f"{number:,.0f}"


@register.filter
def percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"

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

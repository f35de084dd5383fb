"""The emergency stop wherever it is shown: the panel that stops and lifts, and the banner of every page."""

from typing import Any

from django import template

from portal.accounts.permissions import Permission, may
from portal.alerts import queries

register = template.Library()


@register.inclusion_tag("alerts/_stop.html", takes_context=True)
def emergency_stop(context: template.Context, back: str) -> dict[str, Any]:
    """`back`: the URL name of the page that it stands on."""
    person, stop = context["person"], queries.standing_stop()
    return {
        "stop": stop,
        "stops": queries.past_stops(),
        "may_manage": may(person, Permission.MANAGE_DELIVERY),
        "is_stopper": stop is not None and stop.stopped_by_id == person.pk,
        "back": back,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("alerts/_banner.html", takes_context=True)
def stop_banner(context: template.Context) -> dict[str, Any]:
    """Nothing for who is not signed in. The reason stands on the page that the banner leads to."""
    person = context.get("person")
    return {"stop": queries.standing_stop() if person else None}

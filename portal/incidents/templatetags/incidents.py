"""Incidents as they are named on other pages."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.common.templatetags.portal import badge
from portal.incidents.models import Incident
from portal.incidents.names import GRADE_NAMES, KIND_NAMES, STATE_NAMES, STATE_TONES

register = template.Library()


@register.simple_tag
def incident_state(incident: Incident) -> SafeString:
    return badge(STATE_NAMES[incident.state], STATE_TONES[incident.state])


@register.simple_tag
def incident_kind(incident: Incident) -> SafeString:
    return format_html("{} · {}", KIND_NAMES[incident.kind], GRADE_NAMES[incident.grade])

"""Tags of every page: names in the reader's language, badges, and buttons that say why they are closed."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from portal.accounts.permissions import Answer

register = template.Library()


@register.filter
def named(thing: Any) -> str:
    """`name_zh` where the page is Chinese, else `name`."""
    if thing is None:
        return ""
    return thing.name_zh if (get_language() or "").startswith("zh") else thing.name


@register.simple_tag
def badge(text: str, tone: str) -> SafeString:
    """`tone`: good, warn, bad or idle."""
    return format_html('<span class="state state-{}">{}</span>', tone, text)


@register.inclusion_tag("common/act.html", takes_context=True)
def act(context: template.Context, url: str, label: str, answer: Answer, tone: str = "primary") -> dict[str, Any]:
    """A button that posts to `url`; closed, with the reason beside it, where `answer` says no."""
    return {
        "url": url, "label": label, "answer": answer, "tone": tone, "csrf_token": context.get("csrf_token"),
    }  # fmt: skip

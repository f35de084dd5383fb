"""Tags of every page: names in the reader's language, badges, and buttons that say why they are closed."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from portal.accounts.permissions import Answer
from portal.common.filling import filled
from portal.common.refused_forms import PLACE, RefusedForm

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


@register.simple_block_tag(takes_context=True)
def posting(
    context: template.Context, content: str, address: str = "", classes: str = "fields", name: str = "",
    files: bool = False,
) -> str:  # fmt: skip
    """A form that posts to `address`, by default to its page. `name`: its id, wanted where a page holds several forms
    to one address, or folds the form away (`unfolded`). Refused, it comes again filled in, the sentence on its top."""
    request = _request_of(context)
    action = address or request.get_full_path()
    refused = getattr(request, "refused", None)
    known = {"action": action, "classes": classes, "name": name, "files": files, "place_field": PLACE}
    known |= {"csrf_token": get_token(request), "place": f"{request.get_full_path()}{'#' if name else ''}{name}"}
    if refused is not None and not refused.shown and refused.is_of(action, name):
        content, known["refused"] = _given_back(content, refused), refused
    # Both come out of templates, which escaped what they were given.
    return render_to_string("common/posting.html", {**known, "content": mark_safe(content)})  # noqa: S308


def _given_back(content: str, refused: RefusedForm) -> str:
    refused.shown = True
    return filled(content, refused.written, fault=refused.field, said_by="refusal")


def _request_of(context: template.Context) -> HttpRequest:
    """Tags with a template of their own, and tables, get a context without the processors' names."""
    return context.get("request") or context.request


@register.simple_tag(takes_context=True)
def unfolded(context: template.Context, name: str) -> SafeString:
    """The attribute `open` of the <details> around the form `name`, where that form was refused."""
    refused = getattr(_request_of(context), "refused", None)
    return SafeString(" open" if refused is not None and refused.name == name else "")

"""Tags of the release pages: texts in the reader's language, outcomes as badges."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cleanroom.governance.catalogue import figures
from portal.accounts.names import CAPACITY_NAMES
from portal.common.templatetags.portal import badge
from portal.signoffs.names import (
    BOUND_NAMES,
    CARD_NAMES,
    CARD_UNITS,
    DECISION_NAMES,
    EVIDENCE_NAMES,
    OUTCOME_MARKS,
    OUTCOME_NAMES,
    OUTCOME_TONES,
    STATE_NAMES,
    STATE_TONES,
    UNIT_NAMES,
    VERDICT_NAMES,
    VERDICT_TONES,
)
from portal.signoffs.policy import current_policy

register = template.Library()
_HAN, _BETWEEN = re.compile(r"[\u4e00-\u9fff]"), " / "
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_NAME = re.compile(r"[a-z][a-z0-9]*_\w+")


@register.filter
def told(text: Any) -> str:
    """A policy's text ({"en", "zh_hant"} or an object with both) in the reader's language; a list as its
    members; other things as they are."""
    language = "zh_hant" if (get_language() or "").startswith("zh") else "en"
    if isinstance(text, dict):
        return text.get(language) or text.get("en") or ""
    if isinstance(text, list):
        return ", ".join(map(str, text))
    return getattr(text, language, text)


@register.filter
def in_my_language(text: str) -> str:
    """The reader's half of a reason that governance wrote in both languages (`suspension.as_text`: English first);
    what a person wrote as it is."""
    en, found, zh_hant = text.partition(_BETWEEN)
    while found and not _HAN.search(en):
        if _HAN.search(zh_hant.partition(_BETWEEN)[0]):
            return zh_hant if (get_language() or "").startswith("zh") else en
        more, found, zh_hant = zh_hant.partition(_BETWEEN)
        en = f"{en}{_BETWEEN}{more}"
    return text


@register.filter
def detail(result: dict) -> str:
    """How a figure was measured, or why it could not be, in the reader's language."""
    zh_hant = result["detail_zh_hant"] if (get_language() or "").startswith("zh") else ""
    return zh_hant or in_my_language(result["detail"])


@register.filter
def of_key(found: dict, key: str) -> Any:
    return found.get(key)


@register.simple_tag
def outcome(value: str | None) -> SafeString:
    """A control outcome; None where no control of the place applies."""
    return format_html('<span class="state state-{}">{}</span>', outcome_tone(value), outcome_name(value))


@register.filter
def outcome_tone(value: str | None) -> str:
    return OUTCOME_TONES[str(value or "")]


@register.filter
def outcome_name(value: str | None) -> SafeString:
    """With its sign, which a screen reader leaves out."""
    mark, name = OUTCOME_MARKS[str(value or "")], OUTCOME_NAMES[str(value or "")]
    return format_html('<span class="sign" aria-hidden="true">{}</span> {}', mark, name)


@register.filter
def outcome_text(value: str | None) -> str:
    """Where no markup can stand."""
    return str(OUTCOME_NAMES[str(value or "")])


@register.filter
def figure_title(name: str | None) -> str:
    """What a figure is, in the reader's language: the catalogue's words, else the model card's own, else its name."""
    found = figures().get(name or "")
    title = told(found.text) if found else str(CARD_NAMES.get(name or "", name or ""))
    return title[:1].upper() + title[1:]


@register.filter
def figure_unit(name: str | None) -> str:
    found = figures().get(name or "")
    unit = found.unit if found else CARD_UNITS.get(name or "")
    return str(UNIT_NAMES[unit]) if unit else ""


@register.filter
def written_limit(limit: str | None) -> str:
    """A limit as governance writes it (`controls.written_limit`), with the signs that people write, and with the names
    of figures and settings that it rests on told."""
    if not limit or limit == "recorded":
        return _("is recorded; has no limit") if limit else ""
    return titled(limit.replace(" x ", " × ").replace(" of ", " / "))


@register.filter
def titled(text: str) -> str:
    """A sentence of governance with what its figures are in place of their names."""
    return _NAME.sub(_told_name, text.replace(">=", "≥").replace("<=", "≤"))


def _told_name(match: re.Match) -> str:
    name = match[0]
    if name in figures():
        return _("“%(figure)s”") % {"figure": told(figures()[name].text)}
    value = current_policy().settings.get(name)
    return name if value is None else f"{value:g}"


@register.filter
def bound_name(name: str) -> str:
    return str(BOUND_NAMES.get(name, name))


@register.filter
def card_value(value: Any) -> str:
    """A value of the model card as a person reads it: texts in the language, times in the portal's zone, whole numbers
    with their thousands."""
    if isinstance(value, list):
        return ", ".join(map(card_value, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = in_my_language(str(told(value)))
    return f"{timezone.localtime(moment(text)):%Y-%m-%d %H:%M}" if _MOMENT.fullmatch(text) else text


@register.simple_tag
def release_state(value: str) -> SafeString:
    return badge(STATE_NAMES[value], STATE_TONES[value])


@register.filter
def release_state_name(value: str) -> str:
    return str(STATE_NAMES.get(value, value))


@register.filter
def capacity(value: str) -> str:
    return str(CAPACITY_NAMES[str(value)])


@register.filter
def seat_name(text: str) -> str:
    """A missing sign-off as governance names it (`releases.MissingSignOff`), in the reader's language."""
    role, _found, institution = text.partition(" of institution ")
    return " · ".join(part for part in (capacity(role), institution) if part)


@register.simple_tag
def verdict(value: str) -> SafeString:
    return badge(VERDICT_NAMES[str(value)], VERDICT_TONES[str(value)])


@register.filter
def decision(value: str) -> str:
    return str(DECISION_NAMES[value])


@register.filter
def evidence_kind(value: str) -> str:
    return str(EVIDENCE_NAMES[value])


@register.filter
def moment(text: str) -> datetime:
    """A time as a signed document writes it; `date` then shows it in the portal's zone."""
    return datetime.fromisoformat(text)


@register.filter
def figure(value: float | None) -> str:
    """A measured figure with as many digits as a person reads, and never as a power of ten."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{Decimal(f'{value:.4g}'):f}"

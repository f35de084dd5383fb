"""Tags of the release pages: texts in the reader's language, outcomes as badges."""

import re
from datetime import datetime
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from portal.accounts.names import CAPACITY_NAMES
from portal.common.templatetags.portal import badge
from portal.signoffs.names import (
    DECISION_NAMES,
    EVIDENCE_NAMES,
    OUTCOME_NAMES,
    OUTCOME_TONES,
    STATE_NAMES,
    STATE_TONES,
    VERDICT_NAMES,
    VERDICT_TONES,
)

register = template.Library()
_HAN, _BETWEEN = re.compile(r"[\u4e00-\u9fff]"), " / "


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
    return zh_hant or result["detail"]


@register.filter
def of_key(found: dict, key: str) -> Any:
    return found.get(key)


@register.simple_tag
def outcome(value: str | None) -> SafeString:
    """A control outcome; None where no control of the place applies."""
    return badge(OUTCOME_NAMES[str(value or "")], OUTCOME_TONES[str(value or "")])


@register.filter
def outcome_tone(value: str | None) -> str:
    return OUTCOME_TONES[str(value or "")]


@register.filter
def outcome_name(value: str | None) -> str:
    return str(OUTCOME_NAMES[str(value or "")])


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
    """A measured figure with as many digits as a person reads."""
    return "–" if value is None else f"{value:.4g}"

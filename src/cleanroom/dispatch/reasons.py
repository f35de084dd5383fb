"""The closed set of reasons that dispatch itself gives (reasons.yaml); the model's reasons come with its scores."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import yaml

from cleanroom.errors import SettingsInvalid

REACHED = "reached_from_listed"
PAID_WATCH_LISTED = "paid_watch_listed"
PAID_SUSPECTED = "paid_suspected"
UNACQUAINTED = "unacquainted_payee"
SEVERAL = "several_payments"


@cache
def own_reasons() -> dict[str, dict[str, str]]:
    """Code -> {"en", "zh_hant"}."""
    return yaml.safe_load((files("cleanroom.dispatch") / "reasons.yaml").read_text(encoding="utf-8"))


def texts_of(codes: Iterable[str]) -> tuple[dict[str, str], ...]:
    """{"code", "en", "zh_hant"} of each. Raises SettingsInvalid for a code outside the set."""
    return tuple({"code": code, **_text(code)} for code in codes)


def _text(code: str) -> dict[str, str]:
    if code not in own_reasons():
        raise SettingsInvalid(
            f"there is no reason code {code!r}; the closed set stands in dispatch/reasons.yaml",
            zh=f"無理由代碼 {code!r}；代碼清單見 dispatch/reasons.yaml",
        )
    return own_reasons()[code]

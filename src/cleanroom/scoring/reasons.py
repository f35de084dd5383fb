"""The closed set of reasons: codes with their sentence in English and Traditional Chinese (data/reasons.yaml)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from cleanroom.errors import SettingsInvalid
from cleanroom.scoring.package_data import read_yaml


@dataclass(frozen=True)
class Reason:
    code: str
    en: str
    zh_hant: str


@cache
def all_reasons() -> dict[str, Reason]:
    """By code, in the file's order."""
    return {code: Reason(code, text["en"], text["zh_hant"]) for code, text in read_yaml("reasons.yaml").items()}


def reason_texts(codes: Iterable[str]) -> tuple[dict[str, str], ...]:
    """`{"code", "en", "zh_hant"}` of each code, in order. A code outside the closed set raises SettingsInvalid."""
    return tuple(vars(reason(code)) for code in codes)


def reason(code: str) -> Reason:
    found = all_reasons().get(code)
    if found is None:
        raise SettingsInvalid(
            f"there is no reason code {code!r}; the closed set stands in scoring/data/reasons.yaml",
            zh=f"無理由代碼 {code!r}；代碼清單見 scoring/data/reasons.yaml",
        )
    return found

"""Filters above a table: closed choices in the address, beside the search words."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import get_language


@dataclass(frozen=True)
class Filter:
    """`name` in the address narrows the field `field`; `choices` are (value, text). A value that is no choice counts
    as none."""

    name: str
    label: str | Promise
    field: str
    choices: tuple[tuple[str, str | Promise], ...]
    value: str = ""


def narrow(rows: QuerySet, request: HttpRequest, *filters: Filter) -> tuple[QuerySet, list[Filter]]:
    """The rows that the address asks for, and the filters with their present values for the form."""
    chosen = [_with_value(f, request.GET.get(f.name, "")) for f in filters]
    for f in chosen:
        if f.value:
            rows = rows.filter(**{f.field: f.value})
    return rows, chosen


def _with_value(f: Filter, value: str) -> Filter:
    known = any(value == choice for choice, _text in f.choices)
    return Filter(f.name, f.label, f.field, f.choices, value if known else "")


def choices_of(names: dict[str, str | Promise]) -> tuple[tuple[str, str | Promise], ...]:
    return tuple(names.items())


def institutions_among(rows: QuerySet, path: str = "participant") -> tuple[tuple[str, str], ...]:
    """The institutions that the rows belong to, as choices, named in the reader's language."""
    name = f"{path}__name_zh" if (get_language() or "").startswith("zh") else f"{path}__name"
    found: Iterable = rows.order_by(f"{path}__code").values_list(f"{path}__code", name).distinct()
    return tuple((code, f"{code} {name}") for code, name in found)

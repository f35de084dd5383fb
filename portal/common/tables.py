"""Table pages: sorted, searched, paged and exported the same way everywhere."""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import django_tables2
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cleanroom.errors import RequestInvalid
from portal.common.said import said

PER_PAGE = 25
_RUNNABLE = tuple("=+-@\t\r\n＝＋－＠")


class Table(django_tables2.Table):
    """Base of all tables. Give every column a translated `verbose_name`.

    `single_cases`: its rows tell of single customers' cases, so that they leave the portal only with a purpose.
    `table_page` sets `downloads`, the page answers `export=csv`; `purposes`, which it asks for before that; and
    `narrowed`, the address asks for some rows only.
    """

    single_cases = downloads = narrowed = False
    purposes: Mapping[str, str | Promise] = {}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for bound in self.columns.iterall():
            if isinstance(bound.column, django_tables2.DateColumn | django_tables2.DateTimeColumn):
                bound.column.attrs = {"td": {"class": "nowrap"}, **bound.column.attrs}

    class Meta:
        attrs = {"class": "table table-sm align-middle"}
        empty_text = _("Nothing here yet.")
        per_page = PER_PAGE


def search(rows: QuerySet, request: HttpRequest, *fields: str) -> QuerySet:
    """Keep the rows in which a field contains the `q` of the address."""
    words = request.GET.get("q", "").strip()
    if not words:
        return rows
    condition = Q()
    for field in fields:
        condition |= Q(**{f"{field}__icontains": words})
    return rows.filter(condition)


@dataclass(frozen=True)
class Export:
    """How rows of single cases leave: for one of `purposes`, after `note(rows, purpose)` has recorded it."""

    purposes: Mapping[str, str | Promise]
    note: Callable[[QuerySet, str], object]


def table_page(
    request: HttpRequest, template: str, table: Table, context: dict[str, Any] | None = None,
    export: Export | None = None,
) -> HttpResponse:  # fmt: skip
    """Render a page around one table, or the whole table as CSV: where the address asks `export=csv`, or, of single
    cases, where the form with the purpose is sent."""
    if table.single_cases and export is None:
        raise TypeError("a table of single cases is exported with a purpose only")
    name = template.rpartition("/")[2].removesuffix(".html")
    if export and request.method == "POST":
        export.note(table.data.data, request.POST.get("purpose", ""))
        return _whole(request, table, name)
    if request.GET.get("export") == "csv":
        if export:
            raise RequestInvalid(**said("Say what the rows are taken for: choose one of the purposes."))
        return _whole(request, table, name)
    configure(request, table)
    table.downloads, table.purposes = True, export.purposes if export else {}
    table.narrowed = any(value for name, value in request.GET.items() if name not in ("sort", "page"))
    return render(request, template, {"table": table, **(context or {})})


def _whole(request: HttpRequest, table: Table, name: str) -> HttpResponse:
    django_tables2.RequestConfig(request, paginate=False).configure(table)
    return as_csv(table.as_values(), name=name)


def configure(request: HttpRequest, *tables: Table) -> None:
    """Sort and page tables by the address; several on one page need their own `prefix`."""
    for table in tables:
        django_tables2.RequestConfig(request, paginate={"per_page": PER_PAGE}).configure(table)


class _Line:
    @staticmethod
    def write(line: str) -> str:
        return line


def as_csv(rows: Iterable[Iterable[Any]], *, name: str) -> StreamingHttpResponse:
    """UTF-8 with a mark, so that spreadsheets show Chinese. Cells that a spreadsheet would run are quoted."""
    writer = csv.writer(_Line())
    lines = (writer.writerow([_harmless(cell) for cell in row]) for row in rows)
    response = StreamingHttpResponse(_marked(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _marked(lines: Iterable[str]) -> Iterable[str]:
    yield "\ufeff"
    yield from lines


def _harmless(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection"; CWE-1236):
    also after blanks, and in the full-width forms that East Asian versions accept. Numbers stay numbers."""
    if cell is None:
        return ""
    if isinstance(cell, int | float | Decimal):
        return cell
    text = str(cell)
    return f"'{text}" if text.startswith(_RUNNABLE) or text.lstrip().startswith(_RUNNABLE) else text

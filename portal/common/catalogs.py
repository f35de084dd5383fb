"""Translations: collect what can be translated from code and templates, one catalogue per app, compiled.

A tool of development; the compiled catalogues are part of the checkout, so the portal itself needs none of it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

LOCALE = "zh_Hant"
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "said": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
}  # fmt: skip


def po_file(app: Path) -> Path:
    return app / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def collect(app: Path) -> Catalog:
    """Every string of this app's Python files and templates, in order of file and line."""
    catalog = _empty()
    for path, text in sorted(_sources(app)):
        for line, strings, comments, context in extract("python", BytesIO(text.encode()), KEYWORDS):
            name = path.relative_to(app).as_posix()
            catalog.add(strings, locations=[(name, line)], auto_comments=comments, context=context)
    return catalog


def _empty() -> Catalog:
    """With a heading that stays the same from run to run."""
    written = datetime(2025, 1, 1, tzinfo=UTC)
    return Catalog(
        locale=LOCALE, project="Financial Clean Room", version="1", fuzzy=False, creation_date=written,
        revision_date=written, last_translator="the project", language_team="the project",
        header_comment="# Traditional Chinese of the portal.", msgid_bugs_address="the project",
    )  # fmt: skip


def _sources(app: Path) -> Iterator[tuple[Path, str]]:
    for path in app.rglob("*.py"):
        if "migrations" not in path.parts:
            yield path, path.read_text(encoding="utf-8")
    for path in app.rglob("templates/**/*.html"):
        yield path, templatize(path.read_text(encoding="utf-8"))


def known(app: Path) -> Catalog:
    path = po_file(app)
    if not path.exists():
        return Catalog(locale=LOCALE)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE)


def update(app: Path) -> list[str]:
    """Bring the app's catalogue up to date and compile it; the strings that have no Chinese yet."""
    collected, before = collect(app), known(app)
    for message in collected:
        if message.id and (old := before.get(message.id, message.context)):
            message.string = old.string
    write(app, collected)
    return missing(collected)


def write(app: Path, catalog: Catalog) -> None:
    path = po_file(app)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, omit_header=False, sort_output=True, include_lineno=False)
    path.with_suffix(".mo").write_bytes(compiled(catalog))


def compiled(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def missing(catalog: Catalog) -> list[str]:
    return [_name(message) for message in catalog if message.id and not _complete(message)]


def _complete(message: Message) -> bool:
    """Chinese has one plural form: what `babel` holds is a tuple of it, or a string."""
    found = message.string or ""
    return bool(found if isinstance(found, str) else found[0])


def _name(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]

"""The agreed fields as rows for people: type, rule and meaning."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cleanroom.contracts.specification import DatasetContract, Field


@dataclass(frozen=True)
class FieldRow:
    name: str
    type: str
    rules: tuple[str, ...]
    description: str
    description_zh: str


def rows_of(contract: DatasetContract) -> list[FieldRow]:
    return [
        FieldRow(f.name, f.physical_type, tuple(_rules(f)), f.description, f.description_zh) for f in contract.fields
    ]


def _rules(field: Field):
    yield _("required") if field.required else _("may be empty")
    if field.unique:
        yield _("unique")
    if field.max_length:
        yield _("at most %(n)d characters") % {"n": field.max_length}
    if field.enum:
        yield _("one of: %(values)s") % {"values": ", ".join(field.enum)}
    if field.exclusive_minimum is not None:
        yield _("greater than %(n)g") % {"n": field.exclusive_minimum}
    if field.minimum is not None:
        yield _("at least %(n)g") % {"n": field.minimum}
    if field.within_period:
        yield _("inside the upload's period")
    if field.institution_code:
        yield _("a known institution code")
    if field.is_identifier:
        yield _("hashed before it leaves the institution")


def template_row(contract: DatasetContract) -> list[str]:
    """One line that says what belongs in each column; it is not data and no gate accepts it."""
    return [f"<{row.type}: {'; '.join(row.rules)}>" for row in rows_of(contract)]

"""What is wrong with a message of the wrong shape, in words: pydantic's kinds of fault, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

# By pydantic's `type`. What stands here for a kind that is not listed says only that the value does not fit.
_SAYS = {
    "missing": _("it is missing"),
    "extra_forbidden": _("it is not asked for here"),
    "string_too_short": _("at least %(min_length)s characters"),
    "string_too_long": _("at most %(max_length)s characters"),
    "too_short": _("at least %(min_length)s of them"),
    "too_long": _("at most %(max_length)s of them"),
    "string_pattern_mismatch": _("it does not have the form that is asked for"),
    "string_type": _("a text is wanted"),
    "int_type": _("a whole number is wanted"),
    "int_parsing": _("a whole number is wanted"),
    "int_from_float": _("a whole number is wanted"),
    "float_type": _("a number is wanted"),
    "float_parsing": _("a number is wanted"),
    "finite_number": _("a number is wanted"),
    "bool_type": _("yes or no (true, false) is wanted"),
    "bool_parsing": _("yes or no (true, false) is wanted"),
    "greater_than": _("more than %(gt)s is wanted"),
    "greater_than_equal": _("%(ge)s or more is wanted"),
    "less_than": _("less than %(lt)s is wanted"),
    "less_than_equal": _("%(le)s or less is wanted"),
    "literal_error": _("one of: %(expected)s"),
    "enum": _("one of: %(expected)s"),
    "date_parsing": _("a day is wanted, as year-month-day"),
    "date_from_datetime_parsing": _("a day is wanted, as year-month-day"),
    "date_type": _("a day is wanted, as year-month-day"),
    "datetime_parsing": _("a time with its zone is wanted, as ISO 8601 writes it"),
    "datetime_from_date_parsing": _("a time with its zone is wanted, as ISO 8601 writes it"),
    "datetime_type": _("a time with its zone is wanted, as ISO 8601 writes it"),
    "timezone_aware": _("a time with its zone is wanted, as ISO 8601 writes it"),
    "list_type": _("a list is wanted"),
    "tuple_type": _("a list is wanted"),
    "dict_type": _("an object is wanted"),
    "model_type": _("an object is wanted"),
    "model_attributes_type": _("an object is wanted"),
    "json_invalid": _("it is not JSON"),
}


def misfit(fault: Mapping[str, Any]) -> str:
    """Of one entry of a ValidationError's `errors()`, in the language of the moment. The value stays out of it."""
    text = _SAYS.get(fault["type"], _("it does not fit what was agreed"))
    return str(text) % fault["ctx"] if fault.get("ctx") else str(text)

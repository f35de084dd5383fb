"""Values in BigQuery's SQL: parameters of a query, and plain words in the statements of a script."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from google.cloud.bigquery import ScalarQueryParameter

from cleanroom.errors import NotAllowed

_PLAIN = re.compile(r"[0-9A-Za-z_-]{1,100}")
# bool before int and datetime before date: each is also an instance of the other.
_PARAMETER_TYPES = ((bool, "BOOL"), (int, "INT64"), (float, "FLOAT64"), (datetime, "TIMESTAMP"), (date, "DATE"))


def spelled(sql: str, values: Sequence[Any]) -> str:
    """The statement with its values put in: a script's statements share one list of parameters, which tells nobody
    where a wrong number of them went. Only plain words and times are taken."""
    pieces = sql.split("?")
    words = [_literal(value) for value in values]
    return "".join(piece + value for piece, value in zip(pieces, [*words, ""], strict=True))


def _literal(value: Any) -> str:
    if isinstance(value, datetime):
        return f"timestamp '{value.astimezone(UTC).isoformat()}'"
    if not _PLAIN.fullmatch(value):
        raise NotAllowed("only plain words may stand in a statement", zh="敘述式中僅得使用一般文字", rule="literal")
    return f"'{value}'"


def parameter(value: Any) -> ScalarQueryParameter:
    kind = next((name for kind, name in _PARAMETER_TYPES if isinstance(value, kind)), "STRING")
    return ScalarQueryParameter(None, kind, value)

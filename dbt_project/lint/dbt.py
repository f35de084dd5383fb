"""Stand-ins for dbt's cross-database macros, for the linter only: it renders models without dbt."""


def type_string() -> str:
    return "varchar"


def type_bigint() -> str:
    return "bigint"


def type_int() -> str:
    return "integer"


def type_float() -> str:
    return "double"


def type_numeric() -> str:
    return "numeric"


def type_boolean() -> str:
    return "boolean"


def type_timestamp() -> str:
    return "timestamp"


def hash(expression: str) -> str:
    return f"md5({expression})"


def datediff(first: str, second: str, part: str) -> str:
    return f"date_diff('{part}', {first}, {second})"


def dateadd(part: str, number: str, moment: str) -> str:
    return f"date_add({moment}, {number}, '{part}')"


def date_trunc(part: str, moment: str) -> str:
    return f"date_trunc('{part}', {moment})"

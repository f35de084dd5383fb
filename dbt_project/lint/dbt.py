"""Stand-ins for dbt's cross-database macros, for the linter only: it renders models without dbt."""


def type_string() -> str:
    return "varchar"


def type_bigint() -> str:
    return "bigint"


def hash(expression: str) -> str:
    return f"md5({expression})"

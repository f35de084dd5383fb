"""Prediction tables: one row per judged case, and the counts of groups taken from them where the data is.

The SQL is in the common subset of DuckDB and BigQuery. Two million rows are counted in a fraction of a second, where
loading them to count in memory takes a minute.
"""

from collections.abc import Callable
from itertools import pairwise

import pyarrow as pa

from cleanroom.governance.metrics.groups import GroupCounts

TABLE = "scoring.predictions"

# `sample`: which judgement (`replay`: out of time; `latest`: the newest cut-off, y_true is listed by then). `case_key`:
# unique within a sample. `decision`: whether a warning is due. Never leaves the room.
PREDICTIONS = pa.schema(
    [
        pa.field("model_version", pa.string(), nullable=False),
        pa.field("sample", pa.string(), nullable=False),
        pa.field("case_key", pa.string(), nullable=False),
        pa.field("account_kind", pa.string(), nullable=False),
        pa.field("institution", pa.string(), nullable=False),
        pa.field("age_band", pa.string(), nullable=False),
        pa.field("y_true", pa.bool_(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("decision", pa.bool_(), nullable=False),
    ]
)
GROUPINGS = ("account_kind", "institution", "age_band")

Query = Callable[..., pa.Table]
"""`query(sql, parameters)`, as the warehouse port answers it."""

_COUNTED = """
select {column} as label,
  count(*) as cases,
  sum(case when y_true then 1 else 0 end) as positives,
  sum(case when decision then 1 else 0 end) as selected,
  sum(case when y_true and decision then 1 else 0 end) as hits
from {table}
where model_version = ? and sample = ?
group by {column}
order by {column}
"""


def count_groups(
    query: Query, column: str, *, model_version: str, sample: str, table: str = TABLE
) -> list[GroupCounts]:
    """The counts of every group of one column of GROUPINGS, in the order of the labels."""
    if column not in GROUPINGS:  # it becomes part of the SQL
        raise ValueError(f"{column} is not a grouping of a prediction table")
    rows = query(_COUNTED.format(column=column, table=table), [model_version, sample]).to_pylist()
    return [GroupCounts(**{name: int(v) if name != "label" else v for name, v in row.items()}) for row in rows]


def count_bins(query: Query, edges: list[float], *, table: str, column: str, where: str, parameters: list) -> list[int]:
    """How many values of a column lie below the first edge, between each two edges, and from the last edge on."""
    below = ", ".join(f"sum(case when {column} < ? then 1 else 0 end) as below_{i}" for i in range(len(edges)))
    sql = f"select count(*) as whole{', ' if edges else ''}{below} from {table} where {where}"  # noqa: S608 - ours
    row = query(sql, [*edges, *parameters]).to_pylist()[0]
    steps = [0, *(int(row[f"below_{i}"] or 0) for i in range(len(edges))), int(row["whole"])]
    return [after - before for before, after in pairwise(steps)]

"""Which rows fail a rule: the whole file, in columns, without a Python object per row.

Great Expectations says *whether* and *how many*; asking it for every failing row of a bad file takes minutes. These
masks say *which*. A test holds both to the same count for every kind of expectation that the suites use.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Mask = pa.ChunkedArray
Arguments = Mapping[str, Any]


def _null(rows: pa.Table, arguments: Arguments) -> Mask:
    return pc.is_null(rows[arguments["column"]])


def _not_in_set(rows: pa.Table, arguments: Arguments) -> Mask:
    values = rows[arguments["column"]]
    known = pa.array(list(arguments["value_set"]), values.type)
    return pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, value_set=known)))


def _no_match(rows: pa.Table, arguments: Arguments) -> Mask:
    return pc.invert(pc.match_substring_regex(rows[arguments["column"]], arguments["regex"]))


def _wrong_length(rows: pa.Table, arguments: Arguments) -> Mask:
    lengths = pc.utf8_length(rows[arguments["column"]])
    return pc.or_(pc.less(lengths, arguments["min_value"]), pc.greater(lengths, arguments["max_value"]))


def _out_of_bounds(rows: pa.Table, arguments: Arguments) -> Mask:
    values = rows[arguments["column"]]
    too_low = pc.less_equal if arguments.get("strict_min") else pc.less
    too_high = pc.greater_equal if arguments.get("strict_max") else pc.greater
    low, high = arguments.get("min_value"), arguments.get("max_value")
    masks = [
        compare(values, _scalar(bound, values))
        for compare, bound in ((too_low, low), (too_high, high))
        if bound is not None
    ]
    return masks[0] if len(masks) == 1 else pc.or_(*masks)


def _scalar(bound: Any, values: pa.ChunkedArray) -> pa.Scalar:
    return pa.scalar(bound).cast(values.type) if isinstance(bound, int) else pa.scalar(bound, values.type)


def _repeated(rows: pa.Table, arguments: Arguments) -> Mask:
    column = arguments["column"]
    return pc.and_(pc.is_valid(rows[column]), _in_repeated_group(rows, [column]))


def _repeated_together(rows: pa.Table, arguments: Arguments) -> Mask:
    """A row with some key columns empty still counts; one with all of them empty does not."""
    columns = list(arguments["column_list"])
    some = pc.is_valid(rows[columns[0]])
    for name in columns[1:]:
        some = pc.or_(some, pc.is_valid(rows[name]))
    return pc.and_(some, _in_repeated_group(rows, columns))


def _in_repeated_group(rows: pa.Table, columns: list[str]) -> Mask:
    keyed = rows.select(columns).append_column("position", pa.array(range(rows.num_rows), pa.int64()))
    groups = keyed.group_by(columns).aggregate([("position", "list"), ("position", "count")])
    many = groups.filter(pc.greater(groups["position_count"], 1))
    positions = pc.list_flatten(many["position_list"])
    return pc.is_in(keyed["position"], value_set=positions.combine_chunks())


FAILING: Mapping[str, Callable[[pa.Table, Arguments], Mask]] = {
    "expect_column_values_to_not_be_null": _null,
    "expect_column_values_to_be_in_set": _not_in_set,
    "expect_column_values_to_match_regex": _no_match,
    "expect_column_value_lengths_to_be_between": _wrong_length,
    "expect_column_values_to_be_between": _out_of_bounds,
    "expect_column_values_to_be_unique": _repeated,
    "expect_compound_columns_to_be_unique": _repeated_together,
}


def failing_rows(rows: pa.Table, kind: str, arguments: Arguments, *, cap: int | None) -> tuple[int, ...]:
    """Row numbers, ascending, at most `cap` of them (None: all). Rules over the table as a whole have none.

    `rows` holds `row_number`; `arguments` are the expectation's, with parameters put in.
    """
    find = FAILING.get(kind)
    if find is None:
        return ()
    numbers = rows["row_number"].filter(pc.fill_null(find(rows, arguments), False))
    ordered = numbers.take(pc.sort_indices(numbers))
    return tuple(ordered.slice(0, cap).to_pylist() if cap is not None else ordered.to_pylist())

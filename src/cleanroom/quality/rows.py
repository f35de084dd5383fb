"""Which rows of a batch fail a rule over single rows: in columns, without a Python object per row.

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


FAILING: Mapping[str, Callable[[pa.Table, Arguments], Mask]] = {
    "expect_column_values_to_not_be_null": _null,
    "expect_column_values_to_be_in_set": _not_in_set,
    "expect_column_values_to_match_regex": _no_match,
    "expect_column_value_lengths_to_be_between": _wrong_length,
    "expect_column_values_to_be_between": _out_of_bounds,
}


def failing_rows(rows: pa.Table, kind: str, arguments: Arguments, *, cap: int | None) -> tuple[int, ...]:
    """Row numbers, ascending, at most `cap` of them (None: all). Rules over the columns have none.

    `rows` holds `row_number`; `arguments` are the expectation's, with parameters put in.
    """
    find = FAILING.get(kind)
    if find is None:
        return ()
    numbers = rows["row_number"].filter(pc.fill_null(find(rows, arguments), False))
    ordered = numbers.take(pc.sort_indices(numbers))
    return tuple(ordered.slice(0, cap).to_pylist() if cap is not None else ordered.to_pylist())

"""Great Expectations on one batch: whether each rule of a suite holds, and how many rows break it.

Importing it takes seconds, so that happens inside functions. Nothing is sent anywhere: analytics are switched off
before the import, and results carry counts, never sampled values.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa

from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.errors import QualityGateFailed

# Counts only: the default form of a result keeps twenty of the failing values.
_COUNTS = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class Verdict:
    """`failed_rows` is 0 for a rule over the columns as a whole."""

    passed: bool
    failed_rows: int


def validate(suite: Mapping[str, Any], rows: pa.Table, parameters: Mapping[str, Any]) -> dict[str, Verdict]:
    """Rule name -> verdict, for every expectation of the suite.

    Raises QualityGateFailed where a rule could not be evaluated: what was not checked has not passed.
    """
    import great_expectations as gx

    expectations = gx.ExpectationSuite(**suite)
    batch = load().get_batch(batch_parameters={"dataframe": _frame(rows)})
    outcome = batch.validate(expectations, result_format=_COUNTS, expectation_parameters=dict(parameters))
    verdicts = {r.expectation_config.meta["rule"]: _verdict(r) for r in outcome.results}
    missing = {e["meta"]["rule"] for e in suite["expectations"]} - set(verdicts)
    if missing:
        raise QualityGateFailed(
            "rules of the suite gave no result, so the file is not accepted",
            zh="規則未得出結果，故不接受此檔",
            rule=min(missing),
        )
    return verdicts


def _verdict(result: Any) -> Verdict:
    raised = result.exception_info.get("raised_exception")
    if raised or raised is None:  # None: one entry per metric that failed, instead of the usual flat form
        # The exception's text may hold values of the file; the rule's name is enough to find it.
        rule = result.expectation_config.meta["rule"]
        raise QualityGateFailed(
            "this rule could not be evaluated, so the file is not accepted",
            zh="此規則無法評估，故不接受此檔",
            rule=rule,
        )
    return Verdict(passed=bool(result.success), failed_rows=int(result.result.get("unexpected_count", 0)))


@cache
def load() -> Any:
    """Import the engine (seconds) and make the in-memory context of this process: a batch definition for frames."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.execution_engine import pandas_execution_engine
    from great_expectations.expectations import expectation

    pandas_execution_engine.HASH_THRESHOLD = 0  # a fingerprint of the frame costs more than all rules together
    expectation.camel_to_snake = cache(expectation.camel_to_snake)  # asked 3,000 times a batch for the same few names
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("batch").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("whole")


def _frame(rows: pa.Table) -> Any:
    """A data frame that the engine compares column-wise: for days without a time zone it calls Python for each one."""
    fields = [pa.field(f.name, UTC_TIMESTAMP if f.type == pa.date32() else f.type) for f in rows.schema]
    return rows.cast(pa.schema(fields)).to_pandas()

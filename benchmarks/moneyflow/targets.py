"""What was promised, over how many transfers, and what was measured."""

from dataclasses import dataclass

from benchmarks.moneyflow.cases import Case
from benchmarks.moneyflow.view import View

_OURS = "lookout"


@dataclass(frozen=True)
class Target:
    """`at_most` the limit, or at least it. `scale`: from the unit measured to that of the limit."""

    what: str
    millions: int
    limit: float
    unit: str
    case: Case
    label: str
    at_most: bool = True


TARGETS = (
    Target("402 together, six layers, with what explains each", 50, 0.5, "s", Case.TOGETHER, "6"),
    Target("402 each on its own, six layers", 50, 2, "s", Case.SEPARATE, "all"),
    Target("Parquet to first answer", 10, 2, "s", Case.FIRST, "first answer"),
    Target("Parquet to first answer", 50, 8, "s", Case.FIRST, "first answer"),
    Target("one account, delay and hub rule, p50", 50, 1, "ms", Case.DELAYED, "p50_ms"),
    Target("one account, delay and hub rule, p99", 50, 5, "ms", Case.DELAYED, "p99_ms"),
    Target("one account, three layers, p99", 50, 5, "ms", Case.IN_TIME, "p99_ms"),
    Target("a verdict looked up, p99", 50, 1, "ms", Case.VERDICTS, "p99_ms"),
    Target("start of a worker", 50, 1, "s", Case.START, "start"),
    Target("taken in a second (1 million a minute)", 50, 16_667, "transfers", Case.UPDATES, "rows_per_s", False),
    Target("walked bytes per transfer and direction on disk", 50, 24, "bytes", Case.BUILD, "walk_bytes_per_direction"),
)
RATIOS = (("postgres_layers", 50), ("duckdb_layers", 7))  # ours is to be this many times faster, 402 together


def against_targets(view: View) -> list[str]:
    from benchmarks.moneyflow.table import rows

    body = [line for target in TARGETS if (line := _line(view, target))]
    body += [line for engine, times in RATIOS if (line := _ratio_line(view, engine, times))]
    return rows(["what", "million transfers", "promised", "measured", ""], body)


def measured(view: View, target: Target) -> float | None:
    transfers = target.millions * 1_000_000
    fact = view.fact(transfers, _OURS, target.case, target.label)
    return fact if fact is not None else view.seconds(transfers, _OURS, target.case, target.label)


def _line(view: View, target: Target) -> list[object] | None:
    if (found := measured(view, target)) is None:
        return None
    met = found <= target.limit if target.at_most else found >= target.limit
    by = found / target.limit if target.at_most else target.limit / found
    sign = "at most" if target.at_most else "at least"
    return [target.what, target.millions, f"{sign} {target.limit:,} {target.unit}", f"{found:,.3g} {target.unit}",
            "met" if met else f"missed, {by:.2f} times the limit"]  # fmt: skip


def _ratio_line(view: View, engine: str, times: int) -> list[object] | None:
    ours, theirs = (view.by_layer(50_000_000, name).get(6) for name in (_OURS, engine))
    if not ours or not theirs:
        return None
    met = "met" if theirs / ours >= times else "missed"
    return [
        f"402 together against {view.title(engine)}",
        50,
        f"at least {times} times",
        f"{theirs / ours:.1f} times",
        met,
    ]

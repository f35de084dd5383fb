"""How each engine is asked one account after the other, and given new transfers."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.moneyflow import questions
from benchmarks.moneyflow.answers import Digest
from benchmarks.moneyflow.cases import RULES, Case, Found, Task
from benchmarks.moneyflow.timing import Clock, latencies, quantiles

COMPARED = 20  # of the accounts asked one by one: their answers are compared
COMPARED_STARTS = 5  # of the batch's starts: their own answers are compared
WARM_UP = 20
ROWS_PER_BATCH = 10_000
Ask = Callable[[int, int], np.ndarray]  # account, begin moment -> int64[n, 4]: layer, account, at_us, via


def numbers(tokens: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The place of each of `wanted` uint8[m, 16] in `tokens` uint8[n, 16]. Raises KeyError for any other."""
    firsts = np.ascontiguousarray(tokens).reshape(-1).view(np.uint64)[::2]
    wanted_firsts = np.ascontiguousarray(wanted).reshape(-1).view(np.uint64)[::2]
    candidates = np.flatnonzero(np.isin(firsts, wanted_firsts))
    known = {tokens[place].tobytes(): place for place in candidates}
    return np.array([known[token.tobytes()] for token in wanted], np.int64)


def one_by_one(case: Case, task: Task, tokens: np.ndarray, ask: Ask) -> Found:
    """Answers of the first few, to be compared; then seconds of all, as many as the time allows."""
    starts = questions.one_by_one(task.graph)
    accounts = numbers(tokens, starts.tokens).tolist()
    begins = starts.begins_us.tolist()
    found = Found()
    for place in range(min(COMPARED, len(accounts))):
        found.answers |= _digests(f"{case}, account {place}", ask(accounts[place], begins[place]), tokens)
    first = min(WARM_UP, len(accounts) - 1)
    sizes: list[int] = []
    taken = latencies(
        lambda place: sizes.append(len(ask(accounts[place], begins[place]))),
        range(first, len(accounts)),
        within_s=task.limit_s,
    )
    found.seconds["mean"] = [float(taken.mean())]
    found.facts = {"layers": RULES[case].layers, **quantiles(taken)}
    found.facts |= {"arrivals_p50": int(np.median(sizes)), "arrivals_p99": int(np.quantile(sizes, 0.99))}
    return found


def _digests(question: str, rows: np.ndarray, tokens: np.ndarray) -> dict[str, str]:
    rows = np.asarray(rows, np.int64).reshape(-1, 4)
    of, layers = tokens[rows[:, 1]], rows[:, 0]
    return {
        f"{question}, arrivals": str(Digest().add(of, layers, rows[:, 2])),
        f"{question}, explained by": str(Digest().add(of, layers, rows[:, 3])),
    }


def halves(task: Task) -> tuple[pa.Table, pa.Table]:
    """What comes in afterwards: for one large step, and for many small ones."""
    later = pq.read_table(task.graph / "later.parquet").combine_chunks()
    half = len(later) // 2
    return later.slice(0, half), later.slice(half)


def batches(task: Task, insert: Callable[[pa.Table], object], later: pa.Table) -> Found:
    """New transfers in small batches, each made durable and visible before the next."""
    parts = [later.slice(row, ROWS_PER_BATCH) for row in range(0, len(later), ROWS_PER_BATCH)]
    clock = Clock()
    taken = latencies(lambda place: insert(parts[place]), range(len(parts)), within_s=task.limit_s)
    rows = sum(len(part) for part in parts[: len(taken)])
    facts = {"rows": rows, "rows_per_s": round(rows / clock()), **quantiles(taken)}
    return Found({"batch": taken.tolist()}, facts=facts)

"""The table: what each engine took, what was promised, and on what machine."""

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.moneyflow.cases import LAYERS, Case
from benchmarks.moneyflow.targets import against_targets
from benchmarks.moneyflow.view import View

ONE_TITLES = {
    Case.DELAYED: "One account, six layers, at most 3 days between transfers, no passing through accounts over "
    "1,000 transfers",
    Case.IN_TIME: "One account, three layers, in time order, no other rule",
}


def markdown(report: dict) -> str:
    view = View(report)
    parts = ["# Money flow on every engine", *_machine(report), *_agreement(report), *_graphs(report)]
    for transfers in view.sizes:
        parts += _together(view, transfers)
    parts += ["## 402 accounts, each on its own, six layers, in time order", *_separate(view)]
    for case, title in ONE_TITLES.items():
        parts += [f"## {title}", *_one_by_one(view, case)]
    parts += ["## From Parquet; memory and disk", *_build(view)]
    parts += ["## Verdicts and updates", *_verdicts(view), *_updates(view)]
    parts += ["## Growth", *_growth(view)]
    parts += ["## Against what was promised", *against_targets(view)]
    parts += ["## Where our own time goes", *_profile(view)]
    return "\n".join(parts) + "\n"


def rows(head: Sequence[str], body: Iterable[Sequence[object]]) -> list[str]:
    """A Markdown table between empty lines; nothing where it has no rows."""
    lines = [f"| {' | '.join(str(cell) for cell in row)} |" for row in body]
    if not lines:
        return ["", "Not measured in this run.", ""]
    return ["", f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |", *lines, ""]


def short(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.3g}"


def spread(runs: list[float]) -> str:
    if not runs:
        return "-"
    ordered = sorted(runs)
    return f"{short(median(runs))} ({short(ordered[0])}-{short(ordered[-1])}, {len(runs)} runs)"


def _machine(report: dict) -> list[str]:
    host = report["host"]
    moments = sorted(m["when"] for m in report["measured"])
    loads = [m["load_before"] for m in report["measured"]]
    versions = list(dict.fromkeys(m["version"] for m in report["measured"] if m.get("version")))
    lines = [
        "",
        f"{host['processor']}, {host['cores']} cores, {host['memory_gib']} GiB, {host['system']}, Python "
        f"{host['python']}; {', '.join(versions)}.",
        f"Measured from {moments[0]} to {moments[-1]} UTC; load before each measurement {min(loads)} to {max(loads)}.",
        "Each engine in a process of its own, one at a time, files in the page cache, one run to warm up; figures are "
        "medians, with least and most in brackets.",
    ]
    settings = {m["facts"]["settings"] for m in report["measured"] if "settings" in m.get("facts", {})}
    return [*lines, *(f"PostgreSQL's settings: {one}." for one in sorted(settings)), ""]


def _agreement(report: dict) -> list[str]:
    found = report["agreement"]
    if found["disagreements"]:
        return ["**The engines do not agree:**", "", *(f"- {one}" for one in found["disagreements"]), ""]
    lines = [f"- {one}" for one in found["failures"]]
    if lines:
        lines = ["**Broken off:**", "", *lines, ""]
    if not found["compared_questions"]:
        return [*lines, "No two engines answered the same question in this run.", ""]
    same = f"All engines gave the same answers to the {found['compared_questions']} questions that several answered: "
    return [*lines, same + "accounts, layers, moments and the transfers that explain them.", ""]


def _graphs(report: dict) -> list[str]:
    head = ["transfers", "accounts", "hubs", "transfers sent by quantile of accounts", "received", "over 1,000", "s"]
    body = []
    for graph in report["graphs"]:
        out, into = (", ".join(f"{q}: {n:,}" for q, n in graph[side].items()) for side in ("out_degrees", "in_degrees"))
        counts = (f"{graph[name]:,}" for name in ("transfers", "accounts", "hubs"))
        body.append([*counts, out, into, f"{graph['accounts_over_1000']:,}", graph["seconds"]])
    return ["## Graphs", *rows(head, body)]


def _together(view: View, transfers: int) -> list[str]:
    engines = view.engines(Case.TOGETHER, transfers)
    head = ["cumulative s to layer", *map(str, LAYERS), "all runs of six", "times ours", "peak MiB (private)"]
    ours = view.by_layer(transfers, "lookout").get(6)
    body = [_together_row(view, transfers, engine, ours) for engine in engines]
    return [f"## 402 accounts together, {transfers:,} transfers, in time order, with what explains each",
            *rows(head, body)]  # fmt: skip


def _together_row(view: View, transfers: int, engine: str, ours: float | None) -> list[str]:
    layers = view.by_layer(transfers, engine)
    times = f"{layers[6] / ours:.1f}" if ours and 6 in layers else "-"
    last = view.reason(transfers, engine, Case.TOGETHER) or spread(view.runs(transfers, engine, Case.TOGETHER, "6"))
    cells = [short(layers.get(k)) for k in LAYERS]
    return [view.title(engine), *cells, last, times, memory(view.get(transfers, engine, Case.TOGETHER))]


def memory(found: dict | None) -> str:
    if not found:
        return "-"
    return f"{found['memory']['resident_mib']:,.0f} ({found['memory']['private_mib']:,.0f})"


def _separate(view: View) -> list[str]:
    body = []
    for transfers in view.sizes:
        for engine in view.engines(Case.SEPARATE, transfers):
            found = view.get(transfers, engine, Case.SEPARATE)
            each = view.seconds(transfers, engine, Case.SEPARATE, "each of the compared")
            every = view.runs(transfers, engine, Case.SEPARATE, "all")
            said = spread(every) if every else view.reason(transfers, engine, Case.SEPARATE)
            body.append([f"{transfers:,}", view.title(engine), said, short(each), memory(found)])
    return rows(["transfers", "engine", "s, all 402", "s, one of them alone", "peak MiB (private)"], body)


def _one_by_one(view: View, case: Case) -> list[str]:
    body = []
    for transfers in view.sizes:
        for engine in view.engines(case, transfers):
            found = view.get(transfers, engine, case) or {}
            facts = found.get("facts") or {}
            cells = [facts.get(name, "-") for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms", "calls")]
            cells.append(f"{facts.get('arrivals_p50', '-')}, {facts.get('arrivals_p99', '-')}")
            body.append([f"{transfers:,}", view.title(engine), *cells, found.get("cancelled", "")])
    return rows(
        [
            "transfers",
            "engine",
            "p50 ms",
            "p95",
            "p99",
            "most",
            "accounts asked",
            "arrivals of an answer, p50, p99",
            "",
        ],
        body,
    )


def _build(view: View) -> list[str]:
    body = []
    for transfers in view.sizes:
        for engine in dict.fromkeys([*view.engines(Case.BUILD, transfers), *view.engines(Case.FIRST, transfers)]):
            found = view.get(transfers, engine, Case.BUILD) or {}
            stages = ", ".join(f"{label} {short(runs[0])}" for label, runs in found.get("seconds", {}).items() if runs)
            disk = found.get("facts", {}).get("bytes")
            body.append([
                f"{transfers:,}", view.title(engine), stages or found.get("cancelled", "-"), memory(found or None),
                f"{disk / transfers:.1f}" if disk else "-",
                view.fact(transfers, engine, Case.BUILD, "walk_bytes_per_direction") or "-",
                spread(view.runs(transfers, engine, Case.FIRST, "first answer")),
                spread(view.runs(transfers, engine, Case.START, "start")),
            ])  # fmt: skip
    head = ["transfers", "engine", "build, s", "peak MiB (private)", "bytes on disk per transfer"]
    return rows([*head, "of these walked, per direction", "Parquet to first answer, s", "start of a worker, s"], body)


def _verdicts(view: View) -> list[str]:
    body = []
    for transfers in view.sizes:
        for engine in view.engines(Case.VERDICTS, transfers):
            found = view.get(transfers, engine, Case.VERDICTS) or {}
            facts = found.get("facts") or {}
            cells = [facts.get(name, "-") for name in ("p50_ms", "p99_ms", "calls")]
            built = spread(view.runs(transfers, engine, Case.VERDICTS, "build"))
            body.append([f"{transfers:,}", view.title(engine), built, *cells, found.get("cancelled", "")])
    return rows(
        ["transfers", "engine", "verdicts of all accounts, s", "one looked up, p50 ms", "p99", "calls", ""], body
    )


def _updates(view: View) -> list[str]:
    body = []
    for transfers in view.sizes:
        for engine in view.engines(Case.UPDATES, transfers):
            found = view.get(transfers, engine, Case.UPDATES) or {}
            facts = found.get("facts") or {}
            others = {k: v for k, v in found.get("seconds", {}).items() if k != "batch"}
            said = ", ".join(f"{label} {spread(runs)}" for label, runs in others.items())
            cells = [
                f"{facts[name]:,}" if name in facts else "-" for name in ("rows", "rows_per_s", "p50_ms", "p99_ms")
            ]
            body.append([f"{transfers:,}", view.title(engine), *cells, said, found.get("cancelled", "")])
    head = ["transfers", "engine", "taken in", "a second", "batch of 10,000: p50 ms", "p99 ms", "beside it, s", ""]
    return rows(head, body)


def _growth(view: View) -> list[str]:
    """Each engine's figure over the sizes; a bounded question should not grow."""
    asked = [(Case.TOGETHER, "402 together, six layers, s"), (Case.SEPARATE, "402 each on its own, s")]
    body = []
    for case, what in asked:
        label = "6" if case is Case.TOGETHER else "all"
        for engine in view.engines(case):
            cells = [short(view.seconds(transfers, engine, case, label)) for transfers in view.sizes]
            body.append([what, view.title(engine), *cells])
    for case in ONE_TITLES:
        what = {Case.DELAYED: "one account, delay and hub rule", Case.IN_TIME: "one account, three layers"}[case]
        for engine in view.engines(case):
            cells = [view.fact(transfers, engine, case, "p50_ms") or "-" for transfers in view.sizes]
            body.append([f"{what}, p50 ms", view.title(engine), *cells])
    return rows(["", "engine", *(f"{transfers:,}" for transfers in view.sizes)], body)


def _profile(view: View) -> list[str]:
    body = []
    for transfers in view.sizes:
        for engine in view.engines(Case.PROFILE, transfers):
            found = view.get(transfers, engine, Case.PROFILE) or {}
            for label, runs in found.get("seconds", {}).items():
                body.append([f"{transfers:,}", label, spread(runs)])
    return rows(["transfers", "stage", "s"], body)

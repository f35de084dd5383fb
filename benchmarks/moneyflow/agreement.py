"""Whether all engines ran, and gave the same answers."""

from benchmarks.moneyflow.answers import compared, disagreements
from benchmarks.moneyflow.cases import Case

FAILED = "failed"  # how the reason begins where a process broke off


def check(measured: list[dict]) -> dict:
    """Sentences about what differs, and how many questions two engines or more have answered."""
    sentences, questions = [], 0
    for transfers in sorted({m["transfers"] for m in measured}):
        answers: dict[str, dict[str, str]] = {}
        for measurement in measured:
            if measurement["transfers"] == transfers and measurement["case"] != Case.BUILD:
                answers.setdefault(measurement["engine"], {}).update(measurement.get("answers", {}))
        sentences += [f"at {transfers:,} transfers, {sentence}" for sentence in disagreements(answers)]
        questions += compared(answers)
    return {"disagreements": sentences, "failures": _failures(measured), "compared_questions": questions}


def _failures(measured: list[dict]) -> list[str]:
    """Processes that broke off. A time limit or an engine that is not on this machine is no failure."""
    return [
        f"at {m['transfers']:,} transfers, {m['title']}, {m['case']}: {m['cancelled']}"
        for m in measured
        if broken_off(m)
    ]


def broken_off(measurement: dict) -> bool:
    return measurement.get("cancelled", "").startswith(FAILED)

"""What a rehearsal came to, as one JSON document; `cli.rehearsal_summary` shows it to a person."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.contracts.messages import StationRun, WarningStanding
from cleanroom.pipeline.line import LINE
from cleanroom.settings import ParticipantSettings, RoomSettings

FIGURES = [
    f"{extra}{name}{end}" for name in ("money_twd", "accounts") for extra in ("", "extra_") for end in ("", "_interval")
]
STATIONS = list(dict.fromkeys(station for station, _, _ in LINE))


def read_runs(home: Path, run_id: str, codes: list[str]) -> list[StationRun]:
    """Every step of this run, the institutions' and the room's, in order of time."""
    folders = [RoomSettings(home=home).runs_dir]
    folders += [ParticipantSettings(code, home / "institutions" / code, home).runs_dir for code in codes]
    runs = []
    for path in (folder / f"{run_id}.jsonl" for folder in folders):
        if path.exists():
            runs += [StationRun.model_validate_json(text) for text in path.read_text(encoding="utf-8").splitlines()]
    return sorted(runs, key=lambda run: run.started_at)


def summarise(
    *,
    home: Path,
    run_id: str,
    codes: list[str],
    release: ReleaseRecord,
    warnings: list[WarningStanding],
    peak_rss_bytes: int,
) -> dict[str, Any]:
    """The results document; docs/line.md describes every field. Null stands where the truth is not known."""
    runs = read_runs(home, run_id, codes)
    details: dict[str, dict] = defaultdict(dict)
    for run in runs:
        details[f"{run.station}.{run.step}"] |= run.detail
    results = RoomSettings(home=home).results_dir
    blocked, detection = _result(results, "blocked"), _result(results, "detection")
    moneyflow = details["moneyflow.build"]
    return {
        "run_id": run_id,
        "institutions": codes,
        "rows_uploaded": moneyflow.get("rows_landed"),
        "transfers": moneyflow.get("transfers"),
        "watch_listed": moneyflow.get("watch_listed"),
        "accounts": moneyflow.get("accounts"),
        "legs": {name.removeprefix("legs_"): n for name, n in moneyflow.items() if name.startswith("legs_")},
        "stations": _stations(runs),
        "release": {
            "release_id": release.draft.release_id,
            "tier": str(release.draft.tier),
            "sign_offs": len(release.sign_offs),
            "waived": sorted(waiver.control_id for waiver in release.waivers),
        },
        "warnings": _warnings(warnings, codes),
        "answers": _answers(warnings),
        "blocked": _blocked(blocked),
        "precision": (detection or {}).get("precision"),
        "recall": (detection or {}).get("recall"),
        "detection": detection,
        "peak_rss_bytes": peak_rss_bytes,
    }


def _stations(runs: list[StationRun]) -> list[dict[str, Any]]:
    """One entry a station, in the order of the line; seconds and rows added up over its steps and participants."""
    found: dict[str, dict[str, Any]] = {}
    for run in sorted(runs, key=lambda run: STATIONS.index(run.station)):
        entry = found.setdefault(run.station, {"name": run.station, "seconds": 0.0, "rows": 0, "steps": []})
        entry["seconds"] = round(entry["seconds"] + run.seconds, 3)
        entry["rows"] += run.rows
        entry["steps"].append({"name": run.step, "seconds": run.seconds, "rows": run.rows, "detail": run.detail})
    return list(found.values())


def _warnings(warnings: list[WarningStanding], codes: list[str]) -> dict[str, int]:
    counts = dict.fromkeys(codes, 0)
    for warning in warnings:
        counts[warning.participant] = counts.get(warning.participant, 0) + 1
    return counts


def _answers(warnings: list[WarningStanding]) -> dict[str, int]:
    """By the last answer given; `unanswered` where none has come."""
    counts: dict[str, int] = defaultdict(int)
    for warning in warnings:
        counts[str(warning.answers[-1].answer) if warning.answers else "unanswered"] += 1
    return dict(sorted(counts.items()))


def _blocked(blocked: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    scenarios = (blocked or {}).get("scenarios", {})
    return {name: {figure: figures[figure] for figure in FIGURES} for name, figures in scenarios.items()}


def _result(folder: Path, kind: str) -> dict[str, Any] | None:
    path = folder / f"{kind}.json"
    return json.loads(path.read_text(encoding="utf-8"))["body"] if path.exists() else None

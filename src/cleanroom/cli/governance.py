"""`cleanroom governance`: the gate and what decides it. The exit codes stand in docs/stations/governance.md."""

import argparse
import json
from pathlib import Path

from rich.table import Table

from cleanroom.cli.common import command, day, err, out
from cleanroom.cli.governance_words import word
from cleanroom.cli.packs import add_packs
from cleanroom.cli.policies import add_policies
from cleanroom.cli.transcripts import add_transcripts
from cleanroom.cli.words import advice, chosen
from cleanroom.errors import CleanroomError, GateClosed, MalformedRows, NothingToDo, RequestInvalid
from cleanroom.settings import RoomSettings


def add_governance(commands) -> None:
    """Further families of governance commands are added here, each from its own module."""
    parser = commands.add_parser("governance", help="programmable governance")
    parser.set_defaults(advice=_advice)
    governance = parser.add_subparsers(required=True, metavar="ACTION")
    gate = command(
        governance,
        "gate",
        _gate,
        "ask the gate: exit code 0 open, 26 shut, 10 to 41 unusable (settings, policy, artefact), 70 to 77 unreachable",
    )
    gate.add_argument("--json", dest="as_json", action="store_true", help="the decision with its reasons, as JSON")
    gate.add_argument("--certificate", metavar="DIGEST", help="shut unless it is the digest of the certificate")
    drill = command(
        governance,
        "drill",
        _drill,
        "hold the kill-switch drill: somebody stops the sending, the gate is timed",
    )
    drill.add_argument("--wait", type=float, default=600.0, metavar="SECONDS", help="for the order (default 600)")
    watch = command(
        governance,
        "watch",
        _watch,
        "suspend the release in force where an incident or an end asks for it: 0 or 26",
    )
    watch.add_argument("--json", dest="as_json", action="store_true")
    scan = command(governance, "scan-report", _scan, "keep a scanner's report (pip-audit or OSV-Scanner, JSON)")
    scan.add_argument("file", type=Path, metavar="FILE")
    scan.add_argument("--scanned-on", type=day, required=True, metavar="YYYY-MM-DD")
    metrics = command(governance, "metrics", _metrics, "every figure that a policy may judge, and what computes it")
    metrics.add_argument("--json", dest="as_json", action="store_true")
    add_policies(governance)
    add_packs(governance)
    add_transcripts(governance)


def _advice(error: CleanroomError) -> str:
    """None where the sentence says it: the advice on these reasons is for somebody who seals and uploads."""
    return "" if isinstance(error, MalformedRows | NothingToDo | RequestInvalid) else advice(error)


def _gate(options: argparse.Namespace) -> int:
    from cleanroom.pipeline import line

    decision = line.ask_gate(RoomSettings.from_environment(), presented=options.certificate)
    if options.as_json:
        print(json.dumps(decision.as_dict(), ensure_ascii=False))
        return 0 if decision.is_open else GateClosed.exit_code
    certificate = decision.require()
    said = word("open", certificate=certificate.digest, until=certificate.expires_at.isoformat())
    out.print(said, markup=False, highlight=False, soft_wrap=True)
    return 0


def _drill(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import drill
    from cleanroom.pipeline.gate import Desk

    err.print(word("order_now", patience=options.wait), markup=False, highlight=False, soft_wrap=True)
    held = drill.hold(Desk.of(RoomSettings.from_environment()), patience_s=options.wait)
    out.print(word("drilled", seconds=held.seconds), markup=False, highlight=False, soft_wrap=True)


def _watch(options: argparse.Namespace) -> int:
    from cleanroom.pipeline import line

    watched = line.watch_release(RoomSettings.from_environment())
    name = watched.record.draft.release_id if watched.record else None
    if options.as_json:
        found = {"release_id": name, "suspended": bool(watched.reasons), "reasons": [vars(r) for r in watched.reasons]}
        print(json.dumps(found, ensure_ascii=False))
    elif watched.reasons:
        why = "; ".join(chosen((str(r), r.zh_hant)) for r in watched.reasons)
        out.print(word("suspended", release=name, why=why), markup=False, highlight=False, soft_wrap=True)
    else:
        out.print(word("stays", release=name) if name else word("none_out"), markup=False, highlight=False)
    return GateClosed.exit_code if watched.reasons else 0


def _scan(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import scan_report
    from cleanroom.stores.portal_http import HttpPortal

    settings = RoomSettings.from_environment()
    kept = scan_report.keep(settings, options.file, scanned_on=options.scanned_on, portal=HttpPortal.of(settings))
    said = word("scanned", day=options.scanned_on, packages=len(kept.packages), critical=kept.critical,
                digest=kept.digest)  # fmt: skip
    out.print(said, markup=False, highlight=False, soft_wrap=True)


def _metrics(options: argparse.Namespace) -> None:
    from cleanroom.governance.catalogue import figures

    if options.as_json:
        print(json.dumps({name: f.model_dump(mode="json") for name, f in figures().items()}, ensure_ascii=False))
        return
    table = Table(*(word(n) for n in ("metric", "supplier", "source", "meaning")))
    for name, figure in figures().items():
        table.add_row(name, figure.supplier, figure.source, chosen((figure.text.en, figure.text.zh_hant)))
    out.print(table)

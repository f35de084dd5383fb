"""A scanner's report on the installed packages, given by the owner: kept by its digest, judged as long as it is true.

The locked room reaches no vulnerability database. The owner runs a scanner outside (pip-audit or OSV-Scanner, JSON) on
the same packages. The report counts only while it covers every package that is installed here, in its version.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from importlib.metadata import distributions
from pathlib import Path

from cleanroom.contracts.messages import AuditEvent
from cleanroom.errors import RequestInvalid, Where
from cleanroom.governance.evidence import Evidence
from cleanroom.pipeline.auditing import record
from cleanroom.pipeline.code_version import PACKAGE
from cleanroom.settings import RoomSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.ports import Portal

SUBJECT, VERB = "packages:scan", "packages.scanned"
CRITICAL_FROM = 9.0  # CVSS v3.1 specification, section 5: critical is 9.0 to 10.0
CAP_BYTES = 64 * 1024**2
_ARTEFACT = re.compile(r"[0-9a-f]{64}\.json|latest\.json")

Package = tuple[str, str]  # normalised name, version


@dataclass(frozen=True)
class Report:
    """`packages`: what was looked at. `critical`: findings that are critical, or whose severity nobody states."""

    digest: str
    packages: frozenset[Package]
    critical: int


def read(path: Path) -> Report:
    """Raises RequestInvalid naming the file where it is no report of a scanner that is known here."""
    where = Where(file=path.name)
    if path.stat().st_size > CAP_BYTES:
        raise RequestInvalid(
            f"the report is larger than {CAP_BYTES} bytes", zh=f"掃描報告超過 {CAP_BYTES} 位元組", where=where
        )
    raw = path.read_bytes()
    try:
        found = list(_findings(json.loads(raw)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RequestInvalid(
            "this is neither pip-audit's nor OSV-Scanner's JSON report",
            zh="此檔並非 pip-audit 或 OSV-Scanner 之 JSON 報告",
            where=where,
        ) from None
    if not found:
        raise RequestInvalid(
            "the report names no package; let the scanner list all packages",
            zh="掃描報告未列任何套件；請設定掃描工具列出全部套件",
            where=where,
        )
    return Report(hashlib.sha256(raw).hexdigest(), frozenset(p for p, _ in found), sum(n for _, n in found))


def keep(settings: RoomSettings, path: Path, *, scanned_on: date, portal: Portal) -> Report:
    """Keep the report and put its digest into the audit log. The same report again changes nothing but the log.

    Raises RequestInvalid for a date in the future, and for a report that leaves installed packages out.
    """
    report = read(path)
    if scanned_on > datetime.now(UTC).date():
        raise RequestInvalid("the scan is dated in the future", zh="掃描日期晚於今日", where=Where(file=path.name))
    if missing := sorted(installed() - report.packages):
        such = " ".join(missing[0])
        raise RequestInvalid(
            f"installed packages that the report leaves out: {len(missing)}, such as {such}; scan this installation",
            zh=f"報告未涵蓋已安裝套件 {len(missing)} 個，例如 {such}；請掃描本安裝環境",
            where=Where(file=path.name),
        )
    _write(_path(settings, report.digest), path.read_bytes())
    detail = {"digest": report.digest, "scanned_on": scanned_on.isoformat(), "critical": report.critical}
    event = AuditEvent(at=datetime.now(UTC), actor="room", verb=VERB, subject=SUBJECT, detail=detail)
    record(event, log=AuditFile(settings.audit_file), portal=portal)
    return report


def evidence(settings: RoomSettings) -> dict[str, Evidence]:
    """The last report that was given: {} where there is none, its bytes are others, or packages have changed since."""
    found = AuditFile(settings.audit_file).last(SUBJECT, verb=VERB)
    if found is None:
        return {}
    detail = found[1].detail
    path = _path(settings, str(detail["digest"]))
    if not path.exists() or (report := read(path)).digest != detail["digest"] or installed() - report.packages:
        return {}
    strange = _strange_artefacts(settings)
    said = f"scanner's report {report.digest[:16]} on {len(report.packages)} packages; {strange} unknown model files"
    at = datetime.combine(date.fromisoformat(str(detail["scanned_on"])), time(), tzinfo=UTC)
    cases = len(report.packages)
    return {"critical_vulns": Evidence(report.critical + strange, measured_at=at, cases=cases, detail=said)}


def installed() -> set[Package]:
    """What this program may load, but for itself."""
    found = {(_normal(d.metadata["Name"]), d.version) for d in distributions() if d.metadata["Name"]}
    return {package for package in found if package[0] != PACKAGE}


def _strange_artefacts(settings: RoomSettings) -> int:
    """Files among the models that are no model of this line: a model is canonical JSON under its own digest (ADR 36),
    so a pickle never is one."""
    return sum(not _is_artefact(path) for path in settings.artefacts_dir.glob("*") if path.is_file())


def _is_artefact(path: Path) -> bool:
    if not _ARTEFACT.fullmatch(path.name):
        return False
    return path.name == "latest.json" or hashlib.sha256(path.read_bytes()).hexdigest() == path.stem


def _findings(document: dict) -> Iterator[tuple[Package, int]]:
    """Each package with its number of critical findings."""
    if "dependencies" in document:
        for one in document["dependencies"]:
            if "version" in one:  # a skipped one was not looked at
                yield (_normal(one["name"]), str(one["version"])), len(one["vulns"])  # pip-audit states no severity
        return
    for source in document["results"]:
        for one in source["packages"]:
            named = one["package"]
            critical = sum(_critical(group.get("max_severity")) for group in one.get("groups", []))
            yield (_normal(named["name"]), str(named["version"])), critical


def _critical(severity: object) -> bool:
    """A severity that is not stated, or not as a number, counts as critical."""
    try:
        return not float(str(severity)) < CRITICAL_FROM
    except ValueError:
        return True


def _normal(name: str) -> str:
    """The Python packaging specification's normalised name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _path(settings: RoomSettings, digest: str) -> Path:
    return settings.room_dir / "scan-reports" / f"{digest}.json"


def _write(path: Path, raw: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(raw)
    os.replace(temporary, path)

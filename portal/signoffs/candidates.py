"""Files that people try out here: a policy before it is adopted, a check form that was filled in. Nothing is kept."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from cleanroom.errors import FormInvalid, PolicyInvalid, TooLarge, Where
from cleanroom.governance import documents, gate, what_if
from cleanroom.governance.policy import Policy
from cleanroom.governance.reports import form
from portal.signoffs.models import Release
from portal.signoffs.names import FORM_RULES
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import receivers, record_of

CAP_BYTES = 128 * 1024  # three times the policy that ships
_SHEET, _FIRST_COLUMN = "Documents", "D"  # where the form's cells that are filled in begin


@dataclass(frozen=True)
class Fault:
    """One error of a file. `place`: line, or row and column, as far as it is known."""

    place: str
    sentence: str


@dataclass(frozen=True)
class FormRow:
    control_id: str
    metric: str
    document: dict


def candidate(raw: bytes, *, name: str) -> Policy:
    """The policy in a file that somebody sent. Raises TooLarge, and PolicyInvalid with file, line and rule."""
    if len(raw) > CAP_BYTES:
        raise TooLarge("the file is larger than a policy can be", where=Where(file=name), rule="policy_size")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PolicyInvalid("the file is no text in UTF-8", where=Where(file=name), rule="yaml") from None
    return documents.load_text(Policy, text, name=name)


def replayed(after: Policy) -> what_if.Replay:
    """Every release that the portal holds, oldest first, under the policy in force and under this one."""
    rows = Release.objects.order_by("drafted_at", "pk")
    return what_if.replay(current_policy(), after, [record_of(r) for r in rows], participants=receivers())


def form_of_policy() -> bytes:
    return form.written(current_policy())


def form_of_release(release: Release, *, now) -> bytes:
    """With the release's documents filled in, and its outcomes as they are judged now."""
    policy, record = current_policy(), record_of(release)
    return form.written(policy, record.draft, gate.results(policy, record, now=now))


def rows_in_form(raw: bytes) -> list[FormRow]:
    """What was filled in, in the form's order. Raises FormInvalid; further errors stand in its `others`."""
    policy = current_policy()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "check-form.xlsx"
        path.write_bytes(raw)
        found = form.read(policy, path)
    controls = {metric.name: control_id for control_id, metric in form.documents_of(policy)}
    return [FormRow(controls[metric], metric, document) for metric, document in found.items()]


def as_yaml(rows: list[FormRow]) -> str:
    """As a release request takes it."""
    return yaml.safe_dump({"evidence_documents": {row.metric: row.document for row in rows}}, allow_unicode=True)


def faults_of_policy(error: PolicyInvalid | TooLarge) -> list[Fault]:
    """`line 12: place: what is wrong` in two parts, by line."""
    found = [_policy_fault(e) for e in (error, *getattr(error, "others", ()))]
    return sorted(found, key=lambda fault: int(fault.place or 0))


def _policy_fault(error: PolicyInvalid | TooLarge) -> Fault:
    line, found, rest = error.sentence.partition(": ")
    known = found and line.startswith("line ")
    return Fault(line.removeprefix("line ") if known else "", rest if known else error.sentence)


def faults_of_form(error: FormInvalid) -> list[Fault]:
    return [
        Fault(_cell(e.where), str(FORM_RULES.get(e.rule, e.sentence))) for e in (error, *getattr(error, "others", ()))
    ]


def _cell(where: Where) -> str:
    """Sheet and cell as the spreadsheet names them: Documents D7; the sheet alone where it is not about one cell."""
    if where.row is None:
        return where.column or ""
    letter = chr(ord(_FIRST_COLUMN) + form.FILLED_IN.index(where.column)) if where.column in form.FILLED_IN else ""
    return f"{_SHEET} {letter}{where.row}"

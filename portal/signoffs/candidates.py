"""Files that people try out here: a policy before it is adopted, a check form that was filled in. Nothing is kept."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from cleanroom.errors import FormInvalid, NotFound, PolicyInvalid, TooLarge, Where
from cleanroom.governance import documents, gate, what_if
from cleanroom.governance.policy import Policy
from cleanroom.governance.reports import form
from portal.common.said import said
from portal.signoffs.models import Release
from portal.signoffs.names import FORM_RULES
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import receivers, record_of, records_of

CAP_BYTES = 128 * 1024  # three times the policy that ships
AT_ONCE = 100  # releases that one request replays: about 2 s
_NUMBERED = re.compile(r"line (\d+): (?:([^\s:]+): )?(.*)", re.DOTALL)
_EXCERPT = 100  # characters of a line that is wrong
_SHEET, _FIRST_COLUMN = "Documents", "D"  # where the form's cells that are filled in begin


@dataclass(frozen=True)
class Fault:
    """One error of a file. `place`: line, or row and column, as far as it is known; `key`: of a policy, the path to the
    entry; `excerpt`: what stands on the line."""

    place: str
    sentence: object
    key: str = ""
    excerpt: str = ""


@dataclass(frozen=True)
class FormRow:
    control_id: str
    metric: str
    document: dict


def candidate(raw: bytes, *, name: str) -> Policy:
    """The policy in a file that somebody sent. Raises TooLarge, and PolicyInvalid with file, line and rule."""
    if len(raw) > CAP_BYTES:
        raise TooLarge(**said("The file is larger than a policy can be."), where=Where(file=name), rule="policy_size")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PolicyInvalid(**said("The file is no text in UTF-8."), where=Where(file=name), rule="yaml") from None
    return documents.load_text(Policy, text, name=name)


@dataclass(frozen=True)
class Part:
    """A replay over one part of all releases: part 1 holds the newest ones. `held`: how many there are in all."""

    found: what_if.Replay
    part: int
    parts: int
    held: int


def replayed(after: Policy, *, part: int = 1) -> Part:
    """The releases of this part, oldest first, under the policy in force and under this one. NotFound beyond the last
    part."""
    rows = Release.objects.order_by("-drafted_at", "-pk")
    held = rows.count()
    if part > parts_of(held):
        raise NotFound(**said("There are not so many releases."))
    records = records_of(rows[(part - 1) * AT_ONCE : part * AT_ONCE])
    found = what_if.replay(current_policy(), after, reversed(records), participants=receivers())
    return Part(found, part, parts_of(held), held)


def parts_of(held: int) -> int:
    return max(1, -(-held // AT_ONCE))


def part_names(held: int) -> list[tuple[int, int, int]]:
    """(part, first, last) of each part, counted from the newest release."""
    return [(n, (n - 1) * AT_ONCE + 1, min(n * AT_ONCE, held)) for n in range(1, parts_of(held) + 1)]


def as_dict(replay: Part) -> dict:
    return {
        **what_if.as_dict(replay.found),
        "releases_held": replay.held,
        "part": replay.part,
        "parts": replay.parts,
    }


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


def text_of(raw: bytes) -> str:
    """What was sent, to be shown again; empty where it is no text or too large."""
    try:
        return raw.decode("utf-8-sig") if len(raw) <= CAP_BYTES else ""
    except UnicodeDecodeError:
        return ""


def faults_of_policy(error: PolicyInvalid | TooLarge, raw: bytes) -> list[Fault]:
    """`line 12: place: what is wrong` in its parts, by line; in Chinese where the error brought that along."""
    lines = text_of(raw).splitlines()
    found = [_policy_fault(e, lines) for e in (error, *getattr(error, "others", ()))]
    return sorted(found, key=lambda fault: int(fault.place or 0))


def _policy_fault(error: PolicyInvalid | TooLarge, lines: list[str]) -> Fault:
    numbered = _NUMBERED.fullmatch(error.sentence)
    if numbered is None:
        return Fault("", {"en": error.sentence, "zh_hant": error.zh})
    number, key, sentence = numbered.groups(default="")
    chinese = (error.zh or "").removeprefix(f"第 {number} 行：").removeprefix(f"{key}：")
    excerpt = lines[int(number) - 1].strip() if 0 < int(number) <= len(lines) else ""
    return Fault(number, {"en": sentence, "zh_hant": chinese}, key, excerpt[:_EXCERPT])


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

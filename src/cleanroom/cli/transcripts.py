"""`cleanroom governance transcripts record|grade|release|note`: a generative model, recorded, graded, released, used.

Exit codes: 0 done and every block control met, 26 a block control is not met or the gate is shut, 11 a recording that
cannot be graded, 78 the model's endpoint failed (go on with the same command), 10 settings.
"""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from cleanroom.cli.common import command, out, say
from cleanroom.cli.transcripts_words import word
from cleanroom.errors import GateClosed, MalformedRows, Where
from cleanroom.settings import ModelSettings, RoomSettings

if TYPE_CHECKING:
    from cleanroom.contracts.governance import ControlResult
    from cleanroom.dispatch.care_notes.drafting import Drafter
    from cleanroom.governance.generative.grading import Grades
    from cleanroom.governance.generative.judges import Judge

SHOWN = 20  # findings that the terminal shows; --json holds all of them
EVERY = 200  # answers between two lines of progress


def add_transcripts(governance) -> None:
    actions = governance.add_parser("transcripts", help="a generative model's answers: record, grade, release")
    actions = actions.add_subparsers(required=True, metavar="ACTION")
    record = command(actions, "record", _record, "put a drafter to every case of the suites and keep its answers")
    _drafter_option(record)
    record.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON Lines; run again to go on")
    for name, text in (("notes", "plain requests"), ("per-attack", "notices for each attack"),
                       ("per-pair", "notices for each pair"), ("seed", "another seed, other notices")):  # fmt: skip
        record.add_argument(f"--{name}", type=int, help=f"{text} (default: what the policy's limits need)")
    grade = command(actions, "grade", _grade, "grade a recording: exit code 0 met, 26 a block control is not met")
    grade.add_argument("file", type=Path, metavar="FILE")
    grade.add_argument("--json", type=Path, metavar="OUT", help="write figures, outcomes and findings there")
    _judge_option(grade)
    release = command(actions, "release", _release, "grade a recording and submit its release to the portal")
    release.add_argument("file", type=Path, metavar="FILE")
    release.add_argument("--developer", required=True, help="user name of the model's developer at the portal")
    _judge_option(release)
    note = command(actions, "note", _note, "draft one note from an opened care notice, under the release's certificate")
    note.add_argument("--notice", type=Path, required=True, metavar="FILE", help="the warning's body, JSON")
    note.add_argument("--language", choices=("zh-hant", "en"), default="zh-hant")
    _drafter_option(note)


def _drafter_option(parser) -> None:
    parser.add_argument("--drafter", choices=("template", "model"), default="template",
                        help="template, or the model that the CLEANROOM_MODEL settings name")  # fmt: skip


def _judge_option(parser) -> None:
    parser.add_argument("--judge", choices=("rules", "model"), default="rules", help="word lists, or a model as well")


def _drafter(name: str) -> "Drafter":
    from cleanroom.dispatch.care_notes.drafting import ModelDrafter, TemplateDrafter
    from cleanroom.stores.chat_http import HttpChatModel

    return TemplateDrafter() if name == "template" else ModelDrafter(HttpChatModel(ModelSettings.from_environment()))


def _judge(name: str) -> "Judge":
    from cleanroom.governance.generative.judges import ModelJudge, RuleJudge
    from cleanroom.stores.chat_http import HttpChatModel

    return RuleJudge() if name == "rules" else ModelJudge(HttpChatModel(ModelSettings.from_environment()))


def _record(options: argparse.Namespace) -> None:
    from cleanroom.governance.generative import transcripts
    from cleanroom.governance.generative.suites import load_suites
    from cleanroom.pipeline.care_notes.keeping import record_to
    from cleanroom.pipeline.care_notes.recording import Plan

    given = {name: getattr(options, name) for name in ("notes", "per_attack", "per_pair", "seed")}
    plan = Plan(**{name: value for name, value in given.items() if value is not None})
    found = record_to(options.out, _drafter(options.drafter), load_suites(), plan, progress=_progress)
    said = word("recorded", count=len(found), model=found[0].model, prompt=found[0].prompt_version, file=options.out,
                digest=transcripts.digest(found))  # fmt: skip
    out.print(said, markup=False, highlight=False, soft_wrap=True)


def _progress(done: int, all_: int) -> None:
    if done % EVERY == 0:
        say(word("progress", done=done, all=all_))


def _grade(options: argparse.Namespace) -> None:
    from cleanroom.governance.generative import transcripts
    from cleanroom.governance.generative.grading import grade
    from cleanroom.governance.generative.suites import load_suites
    from cleanroom.pipeline.care_notes import releasing

    grades = grade(transcripts.read(options.file), load_suites(), _judge(options.judge))
    policy_file = RoomSettings.from_environment().policy_file
    judged, stopped = releasing.judged(grades, policy_file)
    _show(grades, judged)
    if options.json:
        options.json.write_text(json.dumps(releasing.as_dict(grades, judged), ensure_ascii=False, indent=1) + "\n",
                                encoding="utf-8")  # fmt: skip
    if stopped:
        raise GateClosed(f"{word('shut')}: {'; '.join(stopped)}", rule="controls")


def _show(grades: "Grades", judged: "tuple[ControlResult, ...]") -> None:
    said = word("graded", transcripts=grades.transcripts, cases=grades.cases, judge=grades.judge)
    out.print(said, markup=False, highlight=False)
    table = Table(*(word(n) for n in ("control", "metric", "value", "cases", "limit", "outcome")))
    for r in judged:
        table.add_row(r.control_id, r.metric, _figure(r.value, r.low, r.high), f"{r.cases or 0:,}", r.limit,
                      word(str(r.outcome)))  # fmt: skip
    out.print(table)
    out.print(word("further"), markup=False, highlight=False)
    for name, e in grades.further.items():
        out.print(f"  {name}: {_figure(e.value, e.low, e.high)}, {e.cases:,}", markup=False, highlight=False)
    if grades.findings:
        out.print(word("findings", count=len(grades.findings)), markup=False, highlight=False)
    for f in grades.findings[:SHOWN]:
        codes = f" ({', '.join(f.codes)})" if f.codes else ""
        out.print(f"  {f.metric}: {f.case}, {f.facts}, {f.language}{codes}", markup=False, highlight=False)


def _figure(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if low is None or high is None else f"{value:.4g} ({low:.4g} to {high:.4g})"


def _release(options: argparse.Namespace) -> None:
    from cleanroom.governance.generative import transcripts
    from cleanroom.pipeline.care_notes.releasing import draft_and_submit
    from cleanroom.pipeline.room import open_room

    recording = transcripts.read(options.file)
    with open_room(RoomSettings.from_environment()) as room:
        record, grades = draft_and_submit(room, recording, _judge(options.judge), developer=options.developer)
    asked = {r.metric for r in record.draft.controls}
    _show(grades, tuple(r for r in record.draft.controls if r.metric in grades.evidence and r.metric in asked))
    said = word("submitted", release=record.draft.release_id, tier=record.draft.tier, state=record.state)
    out.print(said, markup=False, highlight=False, soft_wrap=True)


def _note(options: argparse.Namespace) -> None:
    from pydantic import ValidationError

    from cleanroom.contracts.messages import WarningBody
    from cleanroom.governance.generative.transcripts import Language
    from cleanroom.pipeline.care_notes.releasing import certified_note
    from cleanroom.pipeline.gate import Desk

    try:
        notice = WarningBody.model_validate_json(options.notice.read_bytes())
    except ValidationError:
        where = Where(file=options.notice.name)
        raise MalformedRows("the file holds no warning's body as the portal delivers it", where=where) from None
    desk = Desk.of(RoomSettings.from_environment())
    text = certified_note(desk, _drafter(options.drafter), notice, language=Language(options.language))
    out.print(text, markup=False, highlight=False, soft_wrap=True)

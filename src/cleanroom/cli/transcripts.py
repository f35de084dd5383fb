"""`cleanroom governance transcripts record|grade|release|note`: a generative model, recorded, graded, released, used.

Exit codes: 0 done and every block control met, 26 a block control is not met or the gate is shut, 11 a recording that
cannot be graded, 78 the model's endpoint failed (go on with the same command), 10 settings.
"""

import argparse
import json
from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.table import Column, Table

from cleanroom.cli.common import command, family, out, print_line, room_settings, say
from cleanroom.cli.paths import InFile, OutFile
from cleanroom.cli.transcripts_words import word
from cleanroom.cli.value_names import name_of
from cleanroom.cli.words import told
from cleanroom.errors import GateClosed, MalformedRows, Where
from cleanroom.governance.reasons import as_sentence, in_chinese
from cleanroom.settings import ModelSettings, RoomSettings

if TYPE_CHECKING:
    from cleanroom.contracts.governance import ControlResult
    from cleanroom.dispatch.care_notes.drafting import Drafter
    from cleanroom.governance.generative.grading import Grades
    from cleanroom.governance.generative.judges import Judge

SHOWN = 20  # findings that the terminal shows; --json holds all of them
EVERY = 200  # answers between two lines of progress


def add_transcripts(governance) -> None:
    actions = family(governance, "transcripts", "a generative model's answers: record, grade, release",
                     "生成式模型之回答：錄製、評分、發布")  # fmt: skip
    _add_record(actions)
    grade = command(actions, "grade", _grade, "grade a recording: exit code 0 met, 26 a blocking control is not met",
                    "為錄製結果評分：結束代碼 0 通過，26 有阻斷性控制措施不通過")  # fmt: skip
    _add_recording(grade)
    grade.add_argument("--json", type=OutFile, metavar="OUT", help=told(
        "write figures, outcomes and findings there", "將數據、結果與發現寫入此檔"))  # fmt: skip
    release = command(actions, "release", _release, "grade a recording and submit its release to the portal",
                      "為錄製結果評分，並向入口網站提出發布")  # fmt: skip
    _add_recording(release)
    release.add_argument("--developer", required=True, metavar="USER", help=told(
        "user name of the model's developer at the portal", "模型開發者於入口網站之帳號"))  # fmt: skip
    note = command(actions, "note", _note, "draft one note from an opened care notice, under the release's certificate",
                   "依放行憑證，就一則已開啟之關懷通知草擬說明")  # fmt: skip
    note.add_argument("--notice", type=InFile, required=True, metavar="FILE", help=told(
        "the warning's body, JSON", "預警內容（JSON）"))  # fmt: skip
    note.add_argument("--language", choices=("zh-hant", "en"), default="zh-hant", help=told(
        "language of the note (default %(default)s)", "說明之語言（預設 %(default)s）"))  # fmt: skip
    _drafter_option(note)


def _add_record(actions) -> None:
    record = command(actions, "record", _record, "put a drafter to every case of the suites and keep its answers",
                     "以題組各案例詢問草擬程式並保存回答")  # fmt: skip
    _drafter_option(record)
    record.add_argument("--out", type=OutFile, required=True, metavar="FILE", help=told(
        "JSON Lines; run again to go on", "JSON Lines；再次執行即可接續"))  # fmt: skip
    for name, english, chinese in (
        ("notes", "plain requests", "一般請求數"),
        ("per-attack", "notices for each attack", "每一攻擊題之通知數"),
        ("per-pair", "notices for each pair", "每一成對題之通知數"),
        ("seed", "another seed, other notices", "種子；不同種子產生不同通知"),
    ):
        text = told(f"{english} (default: what the policy's limits need)", f"{chinese}（預設依政策門檻所需）")
        record.add_argument(f"--{name}", type=int, metavar="N", help=text)


def _add_recording(parser) -> None:
    parser.add_argument("file", type=InFile, metavar="FILE", help=told("the recording", "錄製檔"))
    parser.add_argument("--judge", metavar="NAME", default="rules", help=told(
        "rules: word lists; model: a model as well; or one that an installed package brings (default %(default)s)",
        "rules：僅用詞表；model：併用模型評審；或已安裝套件所提供之評審（預設 %(default)s）"))  # fmt: skip


def _drafter_option(parser) -> None:
    parser.add_argument("--drafter", choices=("template", "model"), default="template", help=told(
        "template, or the model that the CLEANROOM_MODEL settings name (default %(default)s)",
        "範本，或 CLEANROOM_MODEL 設定所指之模型（預設 %(default)s）"))  # fmt: skip


def _drafter(name: str) -> "Drafter":
    from cleanroom.dispatch.care_notes.drafting import ModelDrafter, TemplateDrafter
    from cleanroom.stores.chat_http import HttpChatModel

    return TemplateDrafter() if name == "template" else ModelDrafter(HttpChatModel(ModelSettings.from_environment()))


def _judge(name: str) -> "Judge":
    from cleanroom.governance.generative.judge_plugins import judge_named
    from cleanroom.governance.generative.judges import ModelJudge, RuleJudge
    from cleanroom.stores.chat_http import HttpChatModel

    if name == "model":
        return ModelJudge(HttpChatModel(ModelSettings.from_environment()))
    return RuleJudge() if name == "rules" else judge_named(name)


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
    print_line(said)


def _progress(done: int, all_: int) -> None:
    if done % EVERY == 0:
        say(word("progress", done=done, all=all_))


def _grade(options: argparse.Namespace) -> None:
    from cleanroom.governance.generative import transcripts
    from cleanroom.governance.generative.grading import grade
    from cleanroom.governance.generative.suites import load_suites
    from cleanroom.pipeline.care_notes import releasing

    judge = _judge(options.judge)
    grades = grade(transcripts.read(options.file), load_suites(), judge)
    policy_file = RoomSettings.from_environment().policy_file
    judged, stopped = releasing.judged(grades, policy_file)
    _show(grades, judged)
    if options.json:
        options.json.write_text(json.dumps(releasing.as_dict(grades, judged), ensure_ascii=False, indent=1) + "\n",
                                encoding="utf-8")  # fmt: skip
    if stopped:
        en = as_sentence("the transcripts do not meet the policy", stopped)
        raise GateClosed(en, zh=in_chinese("紀錄未達政策門檻", stopped), rule="controls")


def _show(grades: "Grades", judged: "tuple[ControlResult, ...]") -> None:
    said = word("graded", transcripts=grades.transcripts, cases=grades.cases, judge=grades.judge)
    out.print(said, markup=False, highlight=False)
    names = ("control", "metric", "value", "cases", "limit", "outcome")
    table = Table(*(Column(word(n), overflow="fold") for n in names), box=SIMPLE, padding=(0, 0, 0, 1))
    for r in judged:
        table.add_row(r.control_id, r.metric, _figure(r.value, r.low, r.high), f"{r.cases or 0:,}", r.limit,
                      word(str(r.outcome)))  # fmt: skip
    out.print(table)
    out.print(word("further"), markup=False, highlight=False)
    for name, e in grades.further.items():
        said = f"  {name}: {_figure(e.value, e.low, e.high)}, {word('cases')} {e.cases:,}"
        out.print(said, markup=False, highlight=False)
    if grades.findings:
        out.print(word("findings", count=len(grades.findings)), markup=False, highlight=False)
    for f in grades.findings[:SHOWN]:
        codes = f" ({', '.join(f.codes)})" if f.codes else ""
        out.print(f"  {f.metric}: {f.case}, {f.facts}, {f.language}{codes}", markup=False, highlight=False)


def _figure(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "-"
    return (
        f"{value:.4g}"
        if low is None or high is None
        else f"{value:.4g} ({word('bounds', low=f'{low:.4g}', high=f'{high:.4g}')})"
    )


def _release(options: argparse.Namespace) -> None:
    from cleanroom.governance.generative import transcripts
    from cleanroom.pipeline.care_notes.releasing import draft_and_submit
    from cleanroom.pipeline.room import open_room

    recording = transcripts.read(options.file)
    with open_room(room_settings()) as room:
        record, grades = draft_and_submit(room, recording, _judge(options.judge), developer=options.developer)
    asked = {r.metric for r in record.draft.controls}
    _show(grades, tuple(r for r in record.draft.controls if r.metric in grades.evidence and r.metric in asked))
    said = word("submitted", release=record.draft.release_id, tier=record.draft.tier, state=name_of(record.state))
    print_line(said)


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
        raise MalformedRows("the file holds no warning's body as the portal delivers it",
                            zh="檔案並非入口網站所遞送之預警內容", where=where) from None  # fmt: skip
    desk = Desk.of(room_settings())
    text = certified_note(desk, _drafter(options.drafter), notice, language=Language(options.language))
    print_line(text)

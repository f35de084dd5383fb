"""Commands of a participant's side: check, seal, upload, and where every submission stands."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, replace

from cleanroom.cli.advice import participants_advice
from cleanroom.cli.common import add_institution, add_json, command, err, out
from cleanroom.cli.participant_tables import show_reports, show_standing
from cleanroom.cli.paths import InFolder
from cleanroom.cli.progress_view import shown
from cleanroom.cli.words import told, word
from cleanroom.errors import Refusal
from cleanroom.pipeline.steps import new_run_id
from cleanroom.settings import ParticipantSettings
from cleanroom.vocabulary.terms import Dataset


def add_participant(commands) -> None:
    seal = command(
        commands, "seal", _seal, "check an institution's files and seal them into the outbox; send nothing",
        "檢核機構檔案並封裝至寄件匣，不傳送",
    )  # fmt: skip
    upload = command(commands, "upload", _upload, "check and seal what is new, then send what lies in the outbox",
                     "檢核並封裝新資料，再傳送寄件匣內容")  # fmt: skip
    sealed_only = told("send the outbox; do not open the clear files", "僅傳送寄件匣，不開啟明文檔案")
    upload.add_argument("--sealed-only", action="store_true", help=sealed_only)
    status = command(commands, "status", _status, "what is sealed, sent and answered, with every receipt verified",
                     "查詢已封裝、已傳送、已回覆之上傳件，並驗證每一收據")  # fmt: skip
    for parser in (seal, upload):
        _add_work(parser)
    for parser in (seal, upload, status):
        add_institution(parser)
        add_json(parser)
        parser.set_defaults(advice=participants_advice)


def _add_work(parser) -> None:
    parser.add_argument("--data", type=InFolder, metavar="DIR", help=told(
        "the folder with institution.json (default CLEANROOM_DATA_DIR)",
        "含 institution.json 之資料夾（預設為 CLEANROOM_DATA_DIR）"))  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help=told(
        "check and report everything; seal and send nothing", "檢核並報告全部內容，不封裝、不傳送"))  # fmt: skip
    parser.add_argument("--supersede", type=_dataset, action="append", default=[], metavar="DATASET", help=told(
        "replace the last accepted submission of this dataset by the file in the folder; may be repeated",
        "以資料夾內檔案取代該資料集最近一次已收件之上傳件；可重複給定"))  # fmt: skip


def _dataset(text: str) -> Dataset:
    try:
        return Dataset(text)
    except ValueError:
        names = ", ".join(Dataset)
        raise argparse.ArgumentTypeError(told(f"{text!r} is none of {names}", f"{text!r} 非 {names} 之一")) from None


def _seal(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import upload

    if options.dry_run:
        _work(options, upload.check, "checked")
    else:
        _work(options, upload.seal, "sealed", supersede=options.supersede)


def _upload(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import upload

    if options.dry_run:
        _work(options, upload.check, "checked")
    elif options.sealed_only:
        _work(options, upload.send, "sent")
    else:
        _work(options, upload.seal_and_upload, "sent", supersede=options.supersede)


def _work(options: argparse.Namespace, step: Callable, said: str, **arguments: object) -> None:
    settings = _settings(options)
    try:
        with shown(err, quiet=options.as_json) as progress:
            run = step(settings, run_id=new_run_id(), progress=progress, **arguments)
    except Refusal as e:
        if not options.as_json:
            show_reports(out, settings, [e, *getattr(e, "others", ())])
        raise
    if options.as_json:
        print(run.model_dump_json())
        return
    out.print(word(said, rows=run.rows, **run.detail), markup=False, highlight=False, soft_wrap=True)


def _status(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import upload

    found = upload.standing(_settings(options))
    if options.as_json:
        print(json.dumps([asdict(standing) for standing in found], default=str))
    else:
        show_standing(out, options.institution, found)


def _settings(options: argparse.Namespace) -> ParticipantSettings:
    settings = ParticipantSettings.from_environment(options.institution)
    data = getattr(options, "data", None)  # `status` has no folder of clear files
    return replace(settings, data_dir=data.absolute()) if data else settings

"""Commands of a participant's side: check, seal, upload, and where every submission stands."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from cleanroom.cli.common import command, err, institution_code, out
from cleanroom.cli.participant_tables import show_reports, show_standing
from cleanroom.cli.progress_view import shown
from cleanroom.cli.words import word
from cleanroom.errors import Refusal
from cleanroom.pipeline.steps import new_run_id
from cleanroom.settings import ParticipantSettings
from cleanroom.vocabulary.terms import Dataset


def add_participant(commands) -> None:
    seal = command(commands, "seal", _seal, "check an institution's files and seal them into the outbox; send nothing")
    upload = command(commands, "upload", _upload, "check and seal what is new, then send what lies in the outbox")
    upload.add_argument("--sealed-only", action="store_true", help="send the outbox; do not open the clear files")
    status = command(commands, "status", _status, "what is sealed, sent and answered, with every receipt verified")
    for parser in (seal, upload):
        parser.add_argument("--data", type=Path, help="the folder with institution.json (default CLEANROOM_DATA_DIR)")
        parser.add_argument("--dry-run", action="store_true", help="check and report everything; seal and send nothing")
        parser.add_argument(
            "--supersede",
            type=_dataset,
            action="append",
            default=[],
            metavar="DATASET",
            help="replace the last accepted submission of this dataset by the file in the folder; may be repeated",
        )
    for parser in (seal, upload, status):
        parser.add_argument("--institution", type=institution_code, required=True, help="its three-digit code")
        parser.add_argument("--json", action="store_true", dest="as_json", help="the result as JSON on standard output")


def _dataset(text: str) -> Dataset:
    try:
        return Dataset(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(Dataset)}") from None


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

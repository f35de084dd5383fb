"""Commands of a participant's side: check, seal, upload."""

import argparse
from pathlib import Path

from cleanroom.cli.common import command, institution_code, show_run
from cleanroom.settings import ParticipantSettings


def add_participant(commands) -> None:
    upload = command(commands, "upload", _upload, "check, seal and upload an institution's files")
    upload.add_argument("--institution", type=institution_code, required=True, help="its three-digit code")
    upload.add_argument("--data", type=Path, help="the folder with institution.json (default CLEANROOM_DATA_DIR)")


def _upload(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from cleanroom.pipeline import upload
    from cleanroom.pipeline.line import new_run_id

    settings = ParticipantSettings.from_environment(options.institution)
    if options.data:
        settings = replace(settings, data_dir=options.data.absolute())
    show_run(upload.seal_and_upload(settings, run_id=new_run_id()))

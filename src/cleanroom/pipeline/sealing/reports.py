"""The reports on a file, beside the data."""

import os
from pathlib import Path

from cleanroom.errors import CleanroomError
from cleanroom.pipeline.sealing.side import Side
from cleanroom.sealing.findings import Finding, report_name, write_report
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.report_xlsx import Report, spreadsheet_name, write_spreadsheet
from cleanroom.settings import ParticipantSettings


def write_reports(side: Side, file: ClearFile, rows: int, found: list[Finding], refusal: CleanroomError | None) -> None:
    """As JSON and as a spreadsheet; a file without findings has neither."""
    folder, name = report_folder(side.settings), file.path.name
    if found:
        write_report(folder, name, rows=rows, found=found, refusal=refusal)
        told = Report(name, file.dataset, side.folder.period, rows, found, refusal, side.settings.language)
        write_spreadsheet(folder, told)
    else:
        for old in (report_name(name), spreadsheet_name(name)):
            (folder / old).unlink(missing_ok=True)


def report_folder(settings: ParticipantSettings) -> Path:
    """Beside the data; at home where that folder is not ours to write."""
    if os.access(settings.data_dir, os.W_OK) and not settings.data_dir.is_symlink():
        return settings.data_dir
    reports = settings.home / "reports"
    reports.mkdir(parents=True, exist_ok=True, mode=0o700)
    return reports

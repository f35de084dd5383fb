"""Commands on the audit log."""

import argparse
from pathlib import Path

from cleanroom.cli.common import command, out


def add_audit(commands) -> None:
    audit = command(commands, "audit-verify", _audit, "verify an audit file's hash chain")
    audit.add_argument("file", type=Path)


def _audit(options: argparse.Namespace) -> None:
    from cleanroom.stores import audit_file

    out.print(f"{audit_file.verify(options.file)} events, chain whole")

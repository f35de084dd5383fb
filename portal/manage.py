#!/usr/bin/env python
"""Run a management command from anywhere: `python portal/manage.py <command>`."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    here = str(Path(__file__).resolve().parent)
    # The folder of this file must not be importable by itself, else `common` and `portal.common` would be two modules.
    sys.path[:] = [str(ROOT), str(ROOT / "src")] + [p for p in sys.path if p != here]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()

"""What the commands share: both consoles, how a command is added, the institution's code, what a run shows."""

import argparse
from collections.abc import Callable
from datetime import date

from rich.console import Console

out, err = Console(), Console(stderr=True)


def command(commands, name: str, call: Callable[[argparse.Namespace], None], help_text: str):
    parser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(call=call)
    return parser


def say(text: str) -> None:
    err.print(f"  {text}", markup=False, highlight=False)


def institution_code(text: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not an institution's three-digit code")
    return text


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; give one as 2025-10-01") from None


def show_run(run) -> None:
    out.print(f"{run.station} {run.step}: {run.rows:,} rows, {run.seconds:.1f} s", highlight=False)
    for name, value in run.detail.items():
        out.print(f"  {name}: {value}", highlight=False)

"""What the commands share: both consoles, how a command is added, how values are read, what a run shows."""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

from rich.console import Console

from cleanroom.cli.paths import OutFile
from cleanroom.cli.words import chosen, told
from cleanroom.settings import RoomSettings
from cleanroom.vocabulary.both import Both


class _Stream(Console):
    """A reader that went away is told to the caller: rich would end the program itself, with 1."""

    def on_broken_pipe(self) -> None:
        raise  # rich calls this where it caught the error


out, err = _Stream(), _Stream(stderr=True)


def command(commands, name: str, call: Callable[[argparse.Namespace], int | None], english: str, chinese: str):
    """A command with its one-line help in both languages."""
    text = told(english, chinese)
    parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(call=call)
    return parser


def family(commands, name: str, english: str, chinese: str):
    """A command that only has others below it."""
    text = told(english, chinese)
    return commands.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="ACTION")


def room_settings() -> RoomSettings:
    """Of the room in CLEANROOM_HOME. Raises SettingsInvalid where there is none; nothing was written then."""
    return RoomSettings.from_environment().require_room()


def print_line(text: str) -> None:
    """A sentence of the result, as it stands: paths and numbers are copied from it."""
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def say(text: str | Both) -> None:
    """What a long work is doing now, on standard error."""
    err.print(f"  {chosen(text) if isinstance(text, Both) else text}", markup=False, highlight=False)


def add_institution(parser, *, required: bool = True) -> None:
    """Whose side the command works on; where it may be left out, the clean room's."""
    text = told("its three-digit code", "三位數機構代碼") if required else told(
        "whose ring; without it the clean room's", "何機構之金鑰環；未給定則為無塵室")  # fmt: skip
    parser.add_argument("--institution", type=institution_code, required=required, metavar="CODE", help=text)


def add_json(parser) -> None:
    parser.add_argument("--json", action="store_true", dest="as_json", help=told(
        "the result as JSON on standard output", "以 JSON 輸出結果至標準輸出"))  # fmt: skip


def add_json_file(parser) -> None:
    parser.add_argument("--json", type=OutFile, metavar="FILE", help=told(
        "write the figures there as well", "並將數據寫入此檔"))  # fmt: skip


def add_out(parser, english: str, chinese: str, *, kind: type[Path] = OutFile) -> None:
    parser.add_argument("--out", type=kind, required=True, metavar="PATH", help=told(english, chinese))


def institution_code(text: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isdigit()):
        said = f"{text!r} is not an institution's three-digit code", f"{text!r} 不是三位數機構代碼"
        raise argparse.ArgumentTypeError(chosen(said))
    return text


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        said = f"{text!r} is no day; give one as 2025-10-01", f"{text!r} 不是日期；請依 2025-10-01 格式給定"
        raise argparse.ArgumentTypeError(chosen(said)) from None

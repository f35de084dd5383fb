"""What the lookout's commands share: the folder that they are about."""

import argparse
from collections.abc import Callable

from cleanroom.cli.common import command
from cleanroom.cli.lookout_words import advice
from cleanroom.cli.paths import OutFolder
from cleanroom.cli.words import told


def on_folder(commands, name: str, call: Callable[[argparse.Namespace], None], english: str, chinese: str):
    parser = command(commands, name, call, english, chinese)
    parser.add_argument("--index", type=OutFolder, metavar="DIR", help=told(
        "the lookout's folder (default: in the room's)", "即時查詢之資料夾（預設位於機敏區）"))  # fmt: skip
    parser.set_defaults(advice=advice)
    return parser


def folders_of(options: argparse.Namespace):
    from cleanroom.lookout.service.folders import Folders
    from cleanroom.lookout.service.settings import default_folder

    return Folders(options.index.expanduser().absolute() if options.index else default_folder())

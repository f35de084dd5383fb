"""Commands of the room's side: take in, then one command for each step of the line."""

import argparse

from cleanroom.cli.common import command, institution_code, show_run
from cleanroom.pipeline.steps import new_run_id
from cleanroom.settings import RoomSettings

_STEPS = {
    "build-moneyflow": ("build_moneyflow", "join both legs and follow the money, layer by layer"),
    "train": ("train", "train the scoring model on the graph as it was at earlier cut-offs"),
    "evaluate-release": ("evaluate_release", "evaluate the model under the policy and submit it for sign-off"),
    "score": ("score", "score every account; without a certificate the scores stay in the shadow"),
    "dispatch": ("dispatch_warnings", "compose, seal and send the warnings"),
    "evaluate-outcomes": ("evaluate_outcomes", "how much was blocked, and how the institutions answered"),
}


def add_room(commands) -> None:
    take_in = command(commands, "take-in", _take_in, "verify, open, hash again and land what a participant uploaded")
    take_in.add_argument("--participant", type=institution_code, required=True, help="its three-digit code")
    for name, (function, help_text) in _STEPS.items():
        command(commands, name, _step, help_text).set_defaults(function=function, extra=())
    build = commands.choices["build-moneyflow"]
    build.add_argument("--full", action="store_true", help="build every layer anew instead of following what changed")
    build.set_defaults(extra=("full",))


def _take_in(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    run_id = new_run_id()
    show_run(line.take_in(RoomSettings.from_environment(), run_id=run_id, participant=options.participant))


def _step(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    extra = {name: getattr(options, name) for name in options.extra}
    show_run(getattr(line, options.function)(RoomSettings.from_environment(), run_id=new_run_id(), **extra))

"""The `cleanroom` command: parse, call one pipeline function, turn a refusal or fault into a sentence and exit code."""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cleanroom.errors import CleanroomError, Refusal, StoreFault, Where
from cleanroom.settings import ParticipantSettings, RoomSettings

out, err = Console(), Console(stderr=True)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.call(options)
    except CleanroomError as e:
        word = "refused" if isinstance(e, Refusal) else "failed"
        err.print(f"{word} ({e.reason}): {e}", markup=False, highlight=False)
        return e.exit_code
    except OSError as e:
        fault = StoreFault(e.strerror or type(e).__name__, where=Where(file=e.filename and str(e.filename)))
        err.print(f"failed ({fault.reason}): {fault}", markup=False, highlight=False)
        return fault.exit_code
    except KeyboardInterrupt:
        err.print("ended; the same command goes on from here")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cleanroom", description="Financial Clean Room 金融無塵室")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_rehearsals(commands)
    _add_participant(commands)
    _add_room(commands)
    _add_keys(commands)
    _add_checks(commands)
    return parser


def _command(commands, name: str, call: Callable[[argparse.Namespace], None], help_text: str):
    parser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(call=call)
    return parser


# --- rehearsals: every party on one machine -----------------------------------------------------------------------


def _add_rehearsals(commands) -> None:
    demo = _command(
        commands, "demo", _demo, "make up a consortium, run the whole line through the DAGs, serve the portal"
    )
    demo.add_argument(
        "--workdir", type=Path, default=Path("var/demo"), help="where everything is kept (default %(default)s)"
    )
    demo.add_argument("--seed", type=int, default=2025, help="another seed, another consortium (default %(default)s)")
    demo.add_argument("--size", default="demo", help="small or demo (default %(default)s)")
    demo.add_argument("--no-serve", action="store_true", help="end after the summary")
    demo.add_argument("--direct", action="store_true", help="call the steps directly instead of running the DAGs")
    demo.add_argument("--json", type=Path, help="write the results there as well")
    run = _command(commands, "run", _run, "run the whole line on a folder of data, one subfolder for each institution")
    run.add_argument("--data", type=Path, required=True, help="the folder, in the data specification's form")
    run.add_argument(
        "--workdir", type=Path, required=True, help="where everything is kept; the same again goes on there"
    )
    run.add_argument("--json", type=Path, help="write the results there")
    run.add_argument("--through-dags", action="store_true", help="run the DAGs instead of calling the steps directly")
    run.add_argument("--serve", action="store_true", help="serve the portal afterwards, until Ctrl-C")


def _demo(options: argparse.Namespace) -> None:
    from cleanroom.synthetic import consortium

    data = options.workdir / "data"
    _progress("make up a consortium: three banks, a telecom, a platform …")
    consortium.write(data, seed=options.seed, size=options.size)
    _rehearse(data, options, through_dags=not options.direct, serve=not options.no_serve)


def _run(options: argparse.Namespace) -> None:
    _rehearse(options.data, options, through_dags=options.through_dags, serve=options.serve)


def _rehearse(data: Path, options: argparse.Namespace, *, through_dags: bool, serve: bool) -> None:
    from cleanroom.pipeline.rehearsal.run import rehearse
    from cleanroom.pipeline.rehearsal.summary import show

    _end_on_signals()
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)  # before the work, so that its result is not lost
    with rehearse(data, options.workdir, through_dags=through_dags, progress=_progress) as done:
        show(done.summary, out)
        if options.json:
            options.json.write_text(json.dumps(done.summary, ensure_ascii=False, indent=1), encoding="utf-8")
        if serve:
            _serve(done)


def _serve(done) -> None:
    table = Table(
        "role", "institution", "user", "password", title="Logins of this rehearsal 示範帳號", title_justify="left"
    )
    for login in done.people.one_per_role():
        table.add_row(", ".join(login.roles), login.institution or "", login.username, login.password)
    out.print(table)
    out.print(f"The portal is at {done.portal_url} (Ctrl-C ends it)")
    while True:
        signal.pause()


def _end_on_signals() -> None:
    """Whatever ends this command ends its programs as well: Ctrl-C, SIGTERM, the terminal that is closed."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _progress(text: str) -> None:
    err.print(f"  {text}", markup=False, highlight=False)


def _code(text: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not an institution's three-digit code")
    return text


# --- the participant's side ---------------------------------------------------------------------------------------


def _add_participant(commands) -> None:
    upload = _command(commands, "upload", _upload, "check, seal and upload an institution's files")
    upload.add_argument("--institution", type=_code, required=True, help="its three-digit code")
    upload.add_argument("--data", type=Path, help="the folder with institution.json (default CLEANROOM_DATA_DIR)")


def _upload(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from cleanroom.pipeline import upload
    from cleanroom.pipeline.line import new_run_id

    settings = ParticipantSettings.from_environment(options.institution)
    if options.data:
        settings = replace(settings, data_dir=options.data.absolute())
    _show_run(upload.seal_and_upload(settings, run_id=new_run_id()))


# --- the room's side ----------------------------------------------------------------------------------------------

_STEPS = {
    "build-moneyflow": ("build_moneyflow", "join both legs and follow the money, layer by layer"),
    "train": ("train", "train the scoring model on the graph as it was at earlier cut-offs"),
    "evaluate-release": ("evaluate_release", "evaluate the model under the policy and submit it for sign-off"),
    "score": ("score", "score every account; without a certificate the scores stay in the shadow"),
    "dispatch": ("dispatch_warnings", "compose, seal and send the warnings"),
    "evaluate-outcomes": ("evaluate_outcomes", "how much was blocked, and how the institutions answered"),
}


def _add_room(commands) -> None:
    take_in = _command(commands, "take-in", _take_in, "verify, open, hash again and land what a participant uploaded")
    take_in.add_argument("--participant", type=_code, required=True, help="its three-digit code")
    for name, (function, help_text) in _STEPS.items():
        _command(commands, name, _step, help_text).set_defaults(function=function)


def _take_in(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    run_id = line.new_run_id()
    _show_run(line.take_in(RoomSettings.from_environment(), run_id=run_id, participant=options.participant))


def _step(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    _show_run(getattr(line, options.function)(RoomSettings.from_environment(), run_id=line.new_run_id()))


def _show_run(run) -> None:
    out.print(f"{run.station} {run.step}: {run.rows:,} rows, {run.seconds:.1f} s", highlight=False)
    for name, value in run.detail.items():
        out.print(f"  {name}: {value}", highlight=False)


# --- keys ---------------------------------------------------------------------------------------------------------


def _add_keys(commands) -> None:
    keys = commands.add_parser("keys", help="make, share and show keys").add_subparsers(required=True, metavar="ACTION")
    room = _command(keys, "init-room", _keys_room, "make the clean room's key ring")
    own = _command(keys, "init-participant", _keys_participant, "make a participant's key ring")
    own.add_argument("--institution", type=_code, required=True)
    own.add_argument("--make-k1", action="store_true", help="the founding participant makes the shared first-hash key")
    own.add_argument("--k1-from", type=Path, help="a share of it that another participant exported for you")
    share = _command(keys, "export-k1", _keys_export, "seal the first-hash key to another participant")
    share.add_argument("--institution", type=_code, required=True)
    share.add_argument("--recipient", required=True, help="the other participant's age recipient, read out by phone")
    share.add_argument("--out", type=Path, required=True)
    card = _command(keys, "canaries", _keys_canaries, "show the canaries of the first-hash key, for the custodian")
    card.add_argument("--institution", type=_code, required=True)
    pin = _command(keys, "pin-canaries", _keys_pin, "tell the room which first-hash key was agreed on")
    pin.add_argument("card", type=Path, help="what `cleanroom keys canaries` printed at a participant")
    for parser in (room, own):
        parser.add_argument("--demo", action="store_true", help="mark the keys; production refuses them")


def _keys_room(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    ring = keys.init_room_keys(RoomSettings.from_environment().keys, demo=options.demo)
    _show_public(ring)


def _keys_participant(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    folder = ParticipantSettings.from_environment(options.institution).keys
    if options.make_k1 or options.k1_from:
        ring = keys.init_participant_keys(
            folder, institution=options.institution, demo=options.demo, k1_from=options.k1_from
        )
    else:
        ring = keys.prepare_participant_keys(folder, institution=options.institution, demo=options.demo)
    _show_public(ring)


def _keys_export(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    folder = ParticipantSettings.from_environment(options.institution).keys
    options.out.write_bytes(keys.export_k1(folder, options.recipient))
    out.print(f"wrote {options.out}: only the holder of that recipient can open it")


def _keys_canaries(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    print(json.dumps(keys.canary_card(ParticipantSettings.from_environment(options.institution).keys), indent=1))


def _keys_pin(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import keys

    pinned = keys.pin_card(RoomSettings.from_environment(), options.card)
    out.print(f"pinned the canaries of first-hash key {pinned}")


def _show_public(ring) -> None:
    for name in ("signing_kid", "signing_public_key", "recipient_kid", "recipient"):
        out.print(f"{name}: {getattr(ring, name)}", highlight=False, soft_wrap=True)


# --- checks -------------------------------------------------------------------------------------------------------


def _add_checks(commands) -> None:
    governance = commands.add_parser("governance", help="programmable governance").add_subparsers(
        required=True, metavar="ACTION"
    )
    _command(governance, "gate", _gate, "ask the gate: exit code 0 open, 26 closed, with every reason")
    _command(commands, "conformance", _conformance, "check this installation against the published known answers")
    audit = _command(commands, "audit-verify", _audit, "verify an audit file's hash chain")
    audit.add_argument("file", type=Path)


def _gate(_: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    certificate = line.check_gate(RoomSettings.from_environment())
    out.print(f"open: certificate {certificate.digest}, until {certificate.expires_at.isoformat()}", highlight=False)


def _conformance(_: argparse.Namespace) -> None:
    from cleanroom.crypto import known_answers

    out.print(f"all {known_answers.check()} known answers agree")


def _audit(options: argparse.Namespace) -> None:
    from cleanroom.stores import audit_file

    out.print(f"{audit_file.verify(options.file)} events, chain whole")


if __name__ == "__main__":
    sys.exit(main())

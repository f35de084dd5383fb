"""`cleanroom lookout ...`: build the graph's index, serve it, ask it."""

import argparse
import json
from pathlib import Path

from cleanroom.cli.common import command, out, say
from cleanroom.errors import RequestInvalid, ServiceFault


def add_lookout(commands) -> None:
    lookout = commands.add_parser("lookout", help="the money's way, one account at a time").add_subparsers(
        required=True, metavar="ACTION"
    )
    _add_index(lookout)
    _add_serving(lookout)
    _add_asking(lookout)


def _add_index(lookout) -> None:
    build = _on_folder(lookout, "build", _build, "build the index from published transfers")
    build.add_argument("--transfers", type=Path, nargs="+", required=True, metavar="FILE", help="Parquet files")
    verify = _on_folder(lookout, "verify", _verify, "hold every file of the index against its checksum")
    verify.add_argument("--json", dest="as_json", action="store_true")


def _add_serving(lookout) -> None:
    _on_folder(lookout, "init", _init, "make the folder, a token for each role, and the access log's key")
    serve = _on_folder(lookout, "serve", _serve, "serve the index until SIGTERM")
    serve.add_argument("--workers", type=int, default=2, help="processes that answer (default %(default)s)")
    serve.add_argument("--port", type=int, default=8470, help="0 takes a free one (default %(default)s)")
    serve.add_argument("--host", default="127.0.0.1", help="another than loopback only where the network is the room's")
    serve.add_argument("--room-graph", type=Path, help="folder into which the line publishes transfers and listings")
    status = _on_folder(lookout, "status", _status, "who serves, and how fresh the answers are")
    status.add_argument("--json", dest="as_json", action="store_true")
    sync = _on_folder(lookout, "sync", _sync, "take what the line published since")
    sync.add_argument("--room-graph", type=Path, help="default: `graph` in the room's folder")


def _add_asking(lookout) -> None:
    ask = lookout.add_parser("ask", help="ask the service that runs here").add_subparsers(required=True, metavar="CALL")
    expand = _on_folder(ask, "expand", _expand, "everything that walks from an account arrive at")
    expand.add_argument("account", help="its token, 32 hex digits")
    expand.add_argument("--paths", action="store_true", help="with the transfers that explain each arrival")
    _add_rule(expand)
    trace = _on_folder(ask, "trace", _trace, "a walk from one account to another")
    trace.add_argument("account", help="token of where it begins")
    trace.add_argument("target", help="token of where it ends")
    _add_rule(trace)
    verdict = _on_folder(ask, "verdict", _verdict, "is a payee downstream of any watch-listed account?")
    verdict.add_argument("accounts", nargs="+", metavar="account", help="tokens")


def _add_rule(parser) -> None:
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--direction", choices=("forward", "backward", "both"), default="forward")
    parser.add_argument("--plain", action="store_true", help="without the order of time")
    parser.add_argument("--max-delay-hours", type=float, help="between two transfers that follow each other")
    parser.add_argument("--hub-limit", type=int, help="accounts with more transfers are reached, not passed")
    parser.add_argument("--keep-latest", type=int, help="of each account's transfers, only so many")
    for name in ("begins", "after", "before"):
        parser.add_argument(f"--{name}", metavar="MOMENT", help="RFC 3339, with its zone")
    parser.add_argument("--seconds", type=float, help="bound of the answer")


def _on_folder(commands, name: str, call, help_text: str):
    parser = command(commands, name, call, help_text)
    parser.add_argument("--index", type=Path, metavar="DIR", help="the lookout's folder (default: in the room's)")
    return parser


# --- index and service --------------------------------------------------------------------------------------------


def _build(options: argparse.Namespace) -> None:
    from cleanroom.lookout.index import build

    folders = _folders(options)
    folders.make()
    facts = build(options.transfers, folders.index, progress=_tell)
    out.print(f"{facts.transfers:,} transfers of {facts.accounts:,} accounts in {folders.index}", highlight=False)


def _tell(stage: str, seconds: float) -> None:
    say(f"{stage}: {seconds:.2f} s")


def _verify(options: argparse.Namespace) -> None:
    from cleanroom.lookout.index import Index

    graph = Index.open(_folders(options).index, verify="full").graph
    if options.as_json:
        print(json.dumps({"state": graph.state, "transfers": graph.transfers, "accounts": graph.accounts}))
        return
    out.print(
        f"whole: state {graph.state}, {graph.transfers:,} transfers, {graph.accounts:,} accounts", highlight=False
    )


def _init(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service import access, clients

    folders = _folders(options)
    folders.make()
    made = [
        path for path, make in ((folders.clients, clients.make), (folders.access_key, access.make_key)) if make(path)
    ]
    for path in made:
        out.print(f"made {path}", highlight=False)
    if not made:
        out.print("all there already")


def _serve(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service.supervisor import serve

    if options.workers < 1:
        raise RequestInvalid("at least one worker answers")
    serve(
        _folders(options),
        workers=options.workers,
        port=options.port,
        host=options.host,
        room_graph=options.room_graph,
    )


def _status(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service.folders import read_state

    folders = _folders(options)
    state = {
        "supervisor": read_state(folders.supervisor_state),
        "keeper": read_state(folders.keeper_state),
        "health": _answer(options, "health"),
    }
    if options.as_json:
        print(json.dumps(state))
    else:
        out.print_json(data=state)
    if not state["health"]["ready"]:
        raise ServiceFault("the service answers but is not ready: its keeper gives no sign of life")


def _sync(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service.syncing import sync
    from cleanroom.settings import RoomSettings

    graph = options.room_graph or RoomSettings.from_environment().room_dir / "graph"
    for name in sync(graph, _folders(options)) or ["nothing new"]:
        out.print(name, highlight=False)


# --- asking -------------------------------------------------------------------------------------------------------


def _expand(options: argparse.Namespace) -> None:
    question = {"account": options.account, "paths": options.paths} | _walk(options)
    _show(_answer(options, "expand", question))


def _trace(options: argparse.Namespace) -> None:
    question = {"account": options.account, "target": options.target} | _walk(options)
    _show(_answer(options, "trace", question))


def _verdict(options: argparse.Namespace) -> None:
    _show(_answer(options, "verdict", {"accounts": options.accounts}))


def _walk(options: argparse.Namespace) -> dict:
    hours = options.max_delay_hours
    rule = {
        "layers": options.layers,
        "direction": options.direction,
        "in_time": not options.plain,
        "max_delay_s": hours and hours * 3600,
        "hub_limit": options.hub_limit,
        "keep_latest": options.keep_latest,
        "after": options.after,
        "before": options.before,
    }
    bounds = {"seconds": options.seconds} if options.seconds else {}
    return {"rule": rule, "bounds": bounds, "begins": options.begins}


def _show(answer: dict) -> None:
    out.print_json(data=answer)


def _answer(options: argparse.Namespace, call: str, question: dict | None = None) -> dict:
    from cleanroom.cli.words import language
    from cleanroom.lookout.service.client import LookoutClient
    from cleanroom.lookout.service.clients import Role

    with LookoutClient.of(_folders(options), Role.READER, language=language()) as client:
        return client.ask(call, question)


def _folders(options: argparse.Namespace):
    from cleanroom.lookout.service.folders import Folders
    from cleanroom.lookout.service.settings import default_folder

    return Folders(options.index.expanduser().absolute() if options.index else default_folder())

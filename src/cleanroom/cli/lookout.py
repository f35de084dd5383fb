"""`cleanroom lookout ...`: build the graph's index, serve it, say how it does."""

import argparse
from pathlib import Path

from cleanroom.cli import lookout_answers as shown
from cleanroom.cli.common import out, say
from cleanroom.cli.lookout_asking import add_asking, answer, show
from cleanroom.cli.lookout_folder import folders_of, on_folder
from cleanroom.errors import RequestInvalid, ServiceFault


def add_lookout(commands) -> None:
    lookout = commands.add_parser("lookout", help="the money's way, one account at a time").add_subparsers(
        required=True, metavar="ACTION"
    )
    _add_index(lookout)
    _add_serving(lookout)
    add_asking(lookout)


def _add_index(lookout) -> None:
    build = on_folder(lookout, "build", _build, "build the index from published transfers")
    build.add_argument("--transfers", type=Path, nargs="+", required=True, metavar="FILE", help="Parquet files")
    build.add_argument("--ties", type=Path, metavar="FILE", help="of accounts to phones and the like, for link steps")
    build.add_argument("--anew", action="store_true", help="in the place of the index that is there")
    verify = on_folder(lookout, "verify", _verify, "check every byte of the index, and the chain of the access log")
    verify.add_argument("--json", dest="as_json", action="store_true")


def _add_serving(lookout) -> None:
    on_folder(lookout, "init", _init, "make the folder, a token for each role, and the access log's key")
    serve = on_folder(lookout, "serve", _serve, "serve the index until SIGTERM or Ctrl-C")
    serve.add_argument("--workers", type=int, default=2, help="processes that answer (default %(default)s)")
    serve.add_argument("--port", type=_port, default=8470, help="0 takes a free one (default %(default)s)")
    serve.add_argument("--host", default="127.0.0.1", help="another than loopback only where the network is the room's")
    serve.add_argument("--room-graph", type=Path, help="folder into which the line publishes the graph")
    status = on_folder(lookout, "status", _status, "who serves, and how fresh the answers are")
    status.add_argument("--json", dest="as_json", action="store_true", help="all of it, for a program")
    sync = on_folder(lookout, "sync", _sync, "take what the line published since")
    sync.add_argument("--room-graph", type=Path, help="default: `graph` in the room's folder")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _build(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service.rebuilding import build_anew, build_index

    folders = folders_of(options)
    folders.make()
    work = build_anew if options.anew else build_index
    facts = work(folders, options.transfers, ties=options.ties, progress=_tell)
    out.print(f"{facts.transfers:,} transfers of {facts.accounts:,} accounts in {folders.index}", highlight=False)


def _tell(stage: str, seconds: float) -> None:
    say(f"{stage}: {seconds:.2f} s")


def _verify(options: argparse.Namespace) -> None:
    from cleanroom.lookout.index import Index
    from cleanroom.stores.audit_parts import AuditParts

    folders = folders_of(options)
    graph = Index.open(folders.index, verify="full").graph
    first, head = AuditParts(folders.access_log).verify()
    whole = {"state": graph.state, "transfers": graph.transfers, "accounts": graph.accounts}
    whole |= {"looks": head.sequence, "first_look": first}
    show(options, whole, lambda: shown.wholeness(out, whole))


def _init(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service import access, clients

    folders = folders_of(options)
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
        folders_of(options),
        workers=options.workers,
        port=options.port,
        host=options.host,
        room_graph=options.room_graph,
    )


def _status(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service.folders import read_state

    folders = folders_of(options)
    state = {
        "supervisor": read_state(folders.supervisor_state),
        "keeper": read_state(folders.keeper_state),
        "health": answer(options, "health"),
        "outdated": read_state(folders.outdated),
    }
    show(options, state, lambda: shown.status(out, **state))
    if not state["health"]["ready"]:
        raise ServiceFault("the service answers but is not ready: its keeper gives no sign of life")


def _sync(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service import rebuilding, syncing
    from cleanroom.settings import RoomSettings

    graph, folders = options.room_graph or RoomSettings.from_environment().room_dir / "graph", folders_of(options)
    for name in syncing.sync(graph, folders) or ["nothing new"]:
        out.print(name, highlight=False)
    if outdated := rebuilding.sentence(folders):
        say(outdated)

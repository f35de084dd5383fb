"""`cleanroom lookout ...`: build the graph's index, serve it, say how it does."""

import argparse

from cleanroom.cli import lookout_answers as shown
from cleanroom.cli.common import add_json, family, out, print_line, say
from cleanroom.cli.lookout_asking import add_asking, answer, show
from cleanroom.cli.lookout_folder import folders_of, on_folder
from cleanroom.cli.lookout_words import stage_of
from cleanroom.cli.paths import InFile, InFolder, OutFolder
from cleanroom.cli.waiting import waiting
from cleanroom.cli.words import told
from cleanroom.errors import RequestInvalid, ServiceFault
from cleanroom.vocabulary.both import Both


def add_lookout(commands) -> None:
    lookout = family(commands, "lookout", "the money's way, one account at a time", "逐一帳戶即時查詢金流")
    _add_index(lookout)
    _add_serving(lookout)
    add_asking(lookout)


def _add_index(lookout) -> None:
    build = on_folder(lookout, "build", _build, "build the index from published transfers", "以已發布之交易建立索引")
    build.add_argument("--transfers", type=InFile, nargs="+", required=True, metavar="FILE", help=told(
        "the published transfers, Parquet files", "交易檔（Parquet）"))  # fmt: skip
    build.add_argument("--ties", type=InFile, metavar="FILE", help=told(
        "ties of accounts to phones and the like, for link steps", "帳戶與電話等之關聯檔，供關聯步使用"))  # fmt: skip
    build.add_argument("--anew", action="store_true", help=told(
        "replace the index that is there", "取代現有索引"))  # fmt: skip
    verify = on_folder(lookout, "verify", _verify, "check every byte of the index, and the chain of the access log",
                       "逐位元組檢查索引，並驗證查詢紀錄之雜湊鏈")  # fmt: skip
    add_json(verify)


def _add_serving(lookout) -> None:
    on_folder(lookout, "init", _init, "make the folder, a token for each role, and the access log's key",
              "建立資料夾、各角色之權杖與查詢紀錄金鑰")  # fmt: skip
    serve = on_folder(lookout, "serve", _serve, "serve the index until SIGTERM or Ctrl-C",
                      "提供查詢服務，至 SIGTERM 或 Ctrl-C 為止")  # fmt: skip
    serve.add_argument("--workers", type=int, default=2, metavar="N", help=told(
        "processes that answer (default %(default)s)", "查詢程序數（預設 %(default)s）"))  # fmt: skip
    serve.add_argument("--port", type=_port, default=8470, help=told(
        "where to listen; 0 takes a free port (default %(default)s)",
        "通訊埠；0 為任一可用者（預設 %(default)s）"))  # fmt: skip
    serve.add_argument("--host", default="127.0.0.1", help=told(
        "another than loopback only where the network is the room's",
        "僅於無塵室專用網路方得設為本機以外之位址"))  # fmt: skip
    serve.add_argument("--room-graph", type=OutFolder, metavar="DIR", help=told(
        "folder into which the line publishes the graph", "產線發布金流圖之資料夾"))  # fmt: skip
    status = on_folder(lookout, "status", _status, "who serves, and how fresh the answers are", "服務狀態與資料新鮮度")
    add_json(status)
    sync = on_folder(lookout, "sync", _sync, "take what the line published since", "取入產線其後發布之資料")
    sync.add_argument("--room-graph", type=InFolder, metavar="DIR", help=told(
        "default: `graph` in the room's folder", "預設為機敏區之 graph 資料夾"))  # fmt: skip


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(told("a port is a number from 0 to 65535", "通訊埠為 0 至 65535 之整數"))
    return int(text)


def _build(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service.rebuilding import build_anew, build_index

    folders = folders_of(options)
    folders.make()
    work = build_anew if options.anew else build_index
    with waiting() as say_stage:
        facts = work(folders, options.transfers, ties=options.ties,
                     progress=lambda stage: say_stage(Both(*stage_of(stage))))  # fmt: skip
    count, accounts = facts.transfers, facts.accounts
    print_line(told(f"{count:,} transfers of {accounts:,} accounts in {folders.index}",
                    f"{count:,} 筆交易、{accounts:,} 個帳戶，位於 {folders.index}"))  # fmt: skip


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
        print_line(told(f"made {path}", f"已產生 {path}"))
    if not made:
        print_line(told("all there already", "均已存在"))


def _serve(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service.supervisor import serve

    if options.workers < 1:
        raise RequestInvalid("at least one worker answers", zh="至少須有一個查詢程序")
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
        raise ServiceFault("the service answers but is not ready: its keeper gives no sign of life",
                           zh="服務有回應但尚未就緒：維護程序無回應")  # fmt: skip


def _sync(options: argparse.Namespace) -> None:
    from cleanroom.lookout.service import rebuilding, syncing
    from cleanroom.settings import RoomSettings

    graph, folders = options.room_graph or RoomSettings.from_environment().room_dir / "graph", folders_of(options)
    for name in syncing.sync(graph, folders) or [told("nothing new", "無新資料")]:
        print_line(name)
    if outdated := rebuilding.why_anew(folders):
        say(told(*outdated))

"""Commands that rehearse: every party on one machine."""

import argparse
import json
import shlex
import signal
from pathlib import Path

from rich.table import Table

from cleanroom.cli.common import add_json_file, command, out, print_line, say
from cleanroom.cli.paths import InFolder, OutFolder
from cleanroom.cli.value_names import name_of
from cleanroom.cli.words import told
from cleanroom.settings import PORTAL_PORT


def add_rehearsals(commands) -> None:
    demo = command(
        commands, "demo", _demo, "make up a consortium, run the whole line through the DAGs, serve the portal",
        "以虛構之參與機構經 DAG 執行整條流程，並開啟入口網站",
    )  # fmt: skip
    demo.add_argument("--workdir", type=OutFolder, default=Path("var/demo"), metavar="DIR", help=told(
        "where everything is kept (default %(default)s)", "所有資料存放處（預設 %(default)s）"))  # fmt: skip
    demo.add_argument("--seed", type=int, default=2025, metavar="N", help=told(
        "another seed, another consortium (default %(default)s)",
        "不同種子產生不同資料（預設 %(default)s）"))  # fmt: skip
    demo.add_argument("--size", default="demo", help=told(
        "small or demo (default %(default)s)", "small 或 demo（預設 %(default)s）"))  # fmt: skip
    demo.add_argument("--no-serve", action="store_true", help=told("end after the summary", "顯示摘要後即結束"))
    demo.add_argument("--direct", action="store_true", help=told(
        "call the steps directly instead of running the DAGs", "直接執行各步驟，不經 DAG"))  # fmt: skip
    run = command(commands, "run", _run, "run the whole line on a folder of data, one subfolder for each institution",
                  "以資料夾內之資料執行整條流程，每機構一子資料夾")  # fmt: skip
    run.add_argument("--data", type=InFolder, required=True, metavar="DIR", help=told(
        "the folder, in the data specification's form", "符合資料規格之資料夾"))  # fmt: skip
    run.add_argument("--workdir", type=OutFolder, required=True, metavar="DIR", help=told(
        "where everything is kept; the same again goes on there", "所有資料存放處；再次執行即由此接續"))  # fmt: skip
    run.add_argument("--through-dags", action="store_true", help=told(
        "run the DAGs instead of calling the steps directly", "經 DAG 執行，而非直接執行各步驟"))  # fmt: skip
    run.add_argument("--serve", action="store_true", help=told(
        "serve the portal afterwards, until Ctrl-C", "完成後開啟入口網站，至按 Ctrl-C 為止"))  # fmt: skip
    for parser in (demo, run):
        add_json_file(parser)


def _demo(options: argparse.Namespace) -> None:
    from cleanroom.synthetic import consortium

    data = options.workdir / "data"
    say(
        told(
            "make up a consortium: three banks, a telecom, a platform …",
            "產生虛構之參與機構：三家銀行、一家電信、一家平台…",
        )
    )
    consortium.write(data, seed=options.seed, size=options.size)
    _rehearse(data, options, through_dags=not options.direct, serve=not options.no_serve)


def _run(options: argparse.Namespace) -> None:
    _rehearse(options.data, options, through_dags=options.through_dags, serve=options.serve)


def _rehearse(data: Path, options: argparse.Namespace, *, through_dags: bool, serve: bool) -> None:
    from cleanroom.cli.rehearsal_summary import show_summary
    from cleanroom.pipeline.rehearsal.run import rehearse

    _end_on_signals()
    with rehearse(data, options.workdir, through_dags=through_dags, progress=say) as done:
        show_summary(done.summary, out)
        if options.json:
            options.json.write_text(json.dumps(done.summary, ensure_ascii=False, indent=1), encoding="utf-8")
        if serve:
            _serve(done, options.workdir.absolute())


def _serve(done, home: Path) -> None:
    names = told("role", "角色"), told("institution", "機構"), told("user", "帳號"), told("password", "密碼")
    table = Table(*names, title=told("Logins of this rehearsal", "示範帳號"), title_justify="left")
    for login in done.people.one_per_role():
        table.add_row(
            told(", ", "、").join(map(name_of, login.roles)), login.institution or "", login.username, login.password
        )
    out.print(table)
    print_line(told(f"The portal is at {done.portal_url} (Ctrl-C ends it)",
                    f"入口網站位於 {done.portal_url}（按 Ctrl-C 結束）"))  # fmt: skip
    for line in _for_other_terminals(done.portal_url, home):
        print_line(line)
    while True:
        signal.pause()


def _for_other_terminals(portal_url: str, home: Path) -> list[str]:
    """What to type before a room's command elsewhere; a port that is not the usual one is said."""
    taken = told(f"Port {PORTAL_PORT} was taken, so the portal has another.",
                 f"連接埠 {PORTAL_PORT} 已被占用，入口網站改用其他連接埠。")  # fmt: skip
    usual = portal_url.endswith(f":{PORTAL_PORT}")
    first = told("For the room's commands in another terminal:", "於其他終端機執行無塵室指令前：")
    address = f" CLEANROOM_PORTAL_URL={portal_url}"
    return [*([] if usual else [taken]), first, f"export CLEANROOM_HOME={shlex.quote(str(home))}{address}"]


def _end_on_signals() -> None:
    """Whatever ends this command ends its programs as well: Ctrl-C, SIGTERM, the terminal that is closed."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)

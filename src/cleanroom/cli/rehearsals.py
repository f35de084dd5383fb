"""Commands that rehearse: every party on one machine."""

import argparse
import json
import signal
from pathlib import Path

from rich.table import Table

from cleanroom.cli.common import command, out, say


def add_rehearsals(commands) -> None:
    demo = command(
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
    run = command(commands, "run", _run, "run the whole line on a folder of data, one subfolder for each institution")
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
    say("make up a consortium: three banks, a telecom, a platform …")
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
    with rehearse(data, options.workdir, through_dags=through_dags, progress=say) as done:
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

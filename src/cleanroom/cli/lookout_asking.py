"""`cleanroom lookout ask ...`: questions to the service that runs here, answered for a person or (--json) a program."""

import argparse
import json
from collections.abc import Callable

from cleanroom.cli import lookout_answers as shown
from cleanroom.cli.common import add_json, family, out
from cleanroom.cli.lookout_folder import folders_of, on_folder
from cleanroom.cli.words import told

ROWS = 40


def add_asking(lookout) -> None:
    ask = family(lookout, "ask", "ask the service that runs here", "向本機之服務查詢")
    expand = _call(
        ask, "expand", _expand, "everything that walks from an account arrive at", "自某帳戶出發所及之全部帳戶"
    )
    _add_account(expand, "account", "its token, 32 hex digits", "帳戶代碼，32 位十六進位")
    expand.add_argument("--paths", action="store_true", help=told(
        "show the transfers that explain each arrival", "並列出到達各帳戶所經之交易"))  # fmt: skip
    expand.add_argument("--link-limit", type=int, metavar="N", help=told(
        "step past a holder, phone, device or platform account of at most N accounts as well; needs --begins",
        "並可經帳戶數 N 個以內之共用持有人、電話、裝置或平台帳號；須併用 --begins"))  # fmt: skip
    _add_rule(expand)
    _add_rows(expand)
    trace = _call(ask, "trace", _trace, "a walk from one account to another", "兩帳戶間之金流路徑")
    _add_account(trace, "account", "token of where it begins", "起點帳戶代碼")
    _add_account(trace, "target", "token of where it ends", "終點帳戶代碼")
    _add_rule(trace)
    verdict = _call(ask, "verdict", _verdict, "is a payee downstream of any watch-listed account?",
                    "收款帳戶是否位於警示帳戶下游")  # fmt: skip
    verdict.add_argument("accounts", nargs="+", metavar="account", help=told("tokens", "帳戶代碼，可多個"))
    risk = _call(ask, "risk", _risk, "what is known of one account", "某帳戶之已知情形")
    _add_account(risk, "account", "its token", "帳戶代碼")
    _add_rows(_call(ask, "release-proposals", _proposals, "accounts whose only taint came from lifted listings",
                    "僅因已解除之警示而受影響之帳戶"))  # fmt: skip


def _call(ask, name: str, call, english: str, chinese: str):
    parser = on_folder(ask, name, call, english, chinese)
    add_json(parser)
    return parser


def _add_account(parser, name: str, english: str, chinese: str) -> None:
    parser.add_argument(name, help=told(english, chinese))


def _add_rows(parser) -> None:
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N", help=told(
        "how many are shown (default %(default)s)", "顯示筆數（預設 %(default)s）"))  # fmt: skip


def _add_rule(parser) -> None:
    parser.add_argument("--layers", type=int, default=6, metavar="N", help=told(
        "number of layers, 1 to 6 (default %(default)s)", "層數，1 至 6（預設 %(default)s）"))  # fmt: skip
    parser.add_argument("--direction", choices=("forward", "backward", "both"), default="forward", help=told(
        "where the money went, whose money came, or both (default %(default)s)",
        "順向、逆向或雙向（預設 %(default)s）"))  # fmt: skip
    parser.add_argument("--plain", action="store_true", help=told("without the order of time", "不論時序"))
    for name, kind, metavar, english, chinese in (
        ("max-delay-hours", float, "HOURS", "most hours between two transfers that follow each other",
         "相鄰交易間隔上限（小時）"),
        ("hub-limit", int, "N", "accounts with more transfers are reached, not passed",
         "交易逾此筆數之帳戶及於而不外推"),
        ("keep-latest", int, "N", "of each account only its latest transfers, so many", "每帳戶僅取最近若干筆交易"),
        ("begins", str, "MOMENT", "the first transfer is after it (backward: before it); RFC 3339 with its zone",
         "首筆交易須晚於此時刻（逆向則早於）；RFC 3339 含時區"),
        ("after", str, "MOMENT", "where the window begins; RFC 3339 with its zone", "時間窗之始；RFC 3339 含時區"),
        ("before", str, "MOMENT", "where the window ends; RFC 3339 with its zone", "時間窗之終；RFC 3339 含時區"),
        ("seconds", float, "S", "most seconds that the answer may take", "查詢時間上限（秒）"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=kind, metavar=metavar, help=told(english, chinese))


def _expand(options: argparse.Namespace) -> None:
    question = {"account": options.account, "paths": options.paths, "link_limit": options.link_limit} | _walk(options)
    found = answer(options, "expand", question)
    show(options, found, lambda: shown.expansion(out, options.account, found, rows=options.rows))


def _trace(options: argparse.Namespace) -> None:
    found = answer(options, "trace", {"account": options.account, "target": options.target} | _walk(options))
    show(options, found, lambda: shown.trace(out, found))


def _verdict(options: argparse.Namespace) -> None:
    found = answer(options, "verdict", {"accounts": options.accounts})
    show(options, found, lambda: shown.verdicts(out, found))


def _risk(options: argparse.Namespace) -> None:
    found = answer(options, "risk", {"account": options.account})
    show(options, found, lambda: shown.risk(out, found))


def _proposals(options: argparse.Namespace) -> None:
    found = answer(options, "release-proposals")
    show(options, found, lambda: shown.proposals(out, found, rows=options.rows))


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
    bounds = {} if options.seconds is None else {"seconds": options.seconds}
    return {"rule": rule, "bounds": bounds, "begins": options.begins}


def show(options: argparse.Namespace, found: dict, for_a_person: Callable[[], None]) -> None:
    if options.as_json:
        print(json.dumps(found))
    else:
        for_a_person()


def answer(options: argparse.Namespace, call: str, question: dict | None = None) -> dict:
    """Of the service over this folder. Raises what it refuses, ServiceFault where none runs."""
    from cleanroom.cli.words import language
    from cleanroom.lookout.service.client import LookoutClient
    from cleanroom.vocabulary.terms import LookoutRole

    with LookoutClient.of(folders_of(options), LookoutRole.READER, language=language()) as client:
        return client.ask(call, question)

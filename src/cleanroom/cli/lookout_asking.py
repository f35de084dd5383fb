"""`cleanroom lookout ask ...`: questions to the service that runs here, answered for a person or (--json) a program."""

import argparse
import json
from collections.abc import Callable

from cleanroom.cli import lookout_answers as shown
from cleanroom.cli.common import out
from cleanroom.cli.lookout_folder import folders_of, on_folder

ROWS = 40


def add_asking(lookout) -> None:
    ask = lookout.add_parser("ask", help="ask the service that runs here").add_subparsers(required=True, metavar="CALL")
    expand = _call(ask, "expand", _expand, "everything that walks from an account arrive at")
    expand.add_argument("account", help="its token, 32 hex digits")
    expand.add_argument("--paths", action="store_true", help="with the transfers that explain each arrival")
    expand.add_argument(
        "--link-limit",
        type=int,
        metavar="N",
        help="step past a holder, phone, device or platform account of at most N accounts as well; needs --begins",
    )
    _add_rule(expand)
    _add_rows(expand)
    trace = _call(ask, "trace", _trace, "a walk from one account to another")
    trace.add_argument("account", help="token of where it begins")
    trace.add_argument("target", help="token of where it ends")
    _add_rule(trace)
    verdict = _call(ask, "verdict", _verdict, "is a payee downstream of any watch-listed account?")
    verdict.add_argument("accounts", nargs="+", metavar="account", help="tokens")
    risk = _call(ask, "risk", _risk, "what is known of one account")
    risk.add_argument("account", help="its token")
    _add_rows(_call(ask, "release-proposals", _proposals, "accounts whose only taint came from lifted listings"))


def _call(ask, name: str, call, help_text: str):
    parser = on_folder(ask, name, call, help_text)
    parser.add_argument("--json", dest="as_json", action="store_true", help="the whole answer, for a program")
    return parser


def _add_rows(parser) -> None:
    parser.add_argument("--rows", type=int, default=ROWS, help="how many are shown (default %(default)s)")


def _add_rule(parser) -> None:
    parser.add_argument("--layers", type=int, default=6, help="1 to 6 (default %(default)s)")
    parser.add_argument("--direction", choices=("forward", "backward", "both"), default="forward")
    parser.add_argument("--plain", action="store_true", help="without the order of time")
    parser.add_argument("--max-delay-hours", type=float, help="between two transfers that follow each other")
    parser.add_argument("--hub-limit", type=int, help="accounts with more transfers are reached, not passed")
    parser.add_argument("--keep-latest", type=int, help="of each account's transfers, only so many")
    for name, meaning in (
        ("begins", "the first transfer is after it (backward: before it)"),
        ("after", "the window begins"),
        ("before", "the window ends"),
    ):
        parser.add_argument(f"--{name}", metavar="MOMENT", help=f"{meaning}; RFC 3339 with its zone")
    parser.add_argument("--seconds", type=float, help="most that the answer may take")


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

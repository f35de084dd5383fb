"""The command that checks this installation, or your own, against the published known answers."""

import argparse
import json
from pathlib import Path

from cleanroom.cli.common import command, out
from cleanroom.errors import CanaryMismatch, Where
from cleanroom.vocabulary.terms import Scheme


def add_checks(commands) -> None:
    conformance = command(
        commands, "conformance", _conformance, "check this installation, or your own, against the published answers"
    )
    conformance.add_argument("--scheme", type=Scheme, choices=list(Scheme), default=Scheme.HMAC2)
    own = conformance.add_mutually_exclusive_group()
    own.add_argument("--questions", type=Path, metavar="FILE", help="write raw values, test keys and instructions")
    own.add_argument("--answers", type=Path, metavar="FILE", help="compare a CSV of your own implementation's answers")


def _conformance(options: argparse.Namespace) -> None:
    if options.questions:
        _write_questions(options)
    elif options.answers:
        _compare_answers(options)
    else:
        _check_installation()


def _check_installation() -> None:
    from cleanroom.crypto import known_answers

    schemes = known_answers.available_schemes()
    out.print(f"all {known_answers.check(schemes)} known answers agree ({', '.join(schemes)})", highlight=False)


def _write_questions(options: argparse.Namespace) -> None:
    from cleanroom.crypto import conformance

    asked = conformance.questions(options.scheme)
    options.questions.write_text(json.dumps(asked, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    out.print(f"wrote {len(asked['questions'])} questions to {options.questions}", highlight=False, soft_wrap=True)


def _compare_answers(options: argparse.Namespace) -> None:
    from cleanroom.crypto import conformance

    differences = conformance.compare(options.scheme, options.answers)
    for difference in differences:
        out.print(str(difference), markup=False, highlight=False, soft_wrap=True)
    count = conformance.how_many(options.scheme)
    if differences:
        wrong = len({d.number for d in differences})
        raise CanaryMismatch(
            f"{wrong} of {count} answers differ from the published ones; nothing may be uploaded by this program",
            where=Where(file=options.answers.name),
            rule="conformance",
        )
    out.print(f"all {count} answers agree ({options.scheme})", highlight=False)

"""The command that checks this installation, or your own, against the published known answers."""

import argparse
import json

from cleanroom.cli.common import command, print_line
from cleanroom.cli.paths import InFile, OutFile
from cleanroom.cli.words import chosen, told
from cleanroom.errors import CanaryMismatch, Where
from cleanroom.vocabulary.terms import Scheme

_WHAT = {"no answer": ("no answer", "未作答"), "no such question": ("no such question", "無此題"),
         "answered twice": ("answered twice", "重複作答")}  # fmt: skip


def add_checks(commands) -> None:
    conformance = command(
        commands, "conformance", _conformance, "check this installation, or your own, against the published answers",
        "以公布之標準答案檢查本安裝或自行開發之程式",
    )  # fmt: skip
    scheme = told("scheme of the first hash (default %(default)s)", "一次雜湊之方案（預設 %(default)s）")
    conformance.add_argument("--scheme", type=Scheme, choices=list(Scheme), default=Scheme.HMAC2, help=scheme)
    own = conformance.add_mutually_exclusive_group()
    own.add_argument("--questions", type=OutFile, metavar="FILE", help=told(
        "write raw values, test keys and instructions", "寫出原始值、測試金鑰與作法"))  # fmt: skip
    own.add_argument("--answers", type=InFile, metavar="FILE", help=told(
        "compare a CSV of your own implementation's answers", "比對自行開發程式之答案（CSV）"))  # fmt: skip


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
    count, names = known_answers.check(schemes), ", ".join(schemes)
    print_line(told(f"all {count} known answers agree ({names})", f"全部 {count} 項標準答案相符（{names}）"))


def _write_questions(options: argparse.Namespace) -> None:
    from cleanroom.crypto import conformance

    asked = conformance.questions(options.scheme)
    options.questions.write_text(json.dumps(asked, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    count, file = len(asked["questions"]), options.questions
    print_line(told(f"wrote {count} questions to {file}", f"已將 {count} 題寫入 {file}"))


def _compare_answers(options: argparse.Namespace) -> None:
    from cleanroom.crypto import conformance

    differences = conformance.compare(options.scheme, options.answers)
    for difference in differences:
        print_line(_difference(difference))
    count = conformance.how_many(options.scheme)
    if differences:
        wrong = len({d.number for d in differences})
        raise CanaryMismatch(
            f"{wrong} of {count} answers differ from the published ones; nothing may be uploaded by this program",
            zh=f"{count} 項答案中有 {wrong} 項與公布者不同；不得以此程式上傳任何資料",
            where=Where(file=options.answers.name),
            rule="conformance",
        )
    print_line(told(f"all {count} answers agree ({options.scheme})", f"全部 {count} 項答案相符（{options.scheme}）"))


def _difference(d) -> str:
    what = chosen(_WHAT[d.what]) if d.what in _WHAT else d.what
    return told(f"question {d.number}: {what}: expected {d.expected!r}, found {d.found!r}",
                f"第 {d.number} 題：{what}：應為 {d.expected!r}，實為 {d.found!r}")  # fmt: skip

"""argparse in both languages: its headings, its own option, and the ways in which a call can be wrong.

argparse translates through gettext's compiled catalogues and the system's locale; this project's language is a setting
of its own, so the few sentences that argparse says are turned here.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import NoReturn, TextIO

from cleanroom.cli.words import language, told
from cleanroom.settings import CHINESE

# argparse's sentences (Lib/argparse.py of Python 3.11 to 3.13), each as a pattern with what stands for it in Chinese.
_WRONG: Sequence[tuple[str, str]] = (
    (r"the following arguments are required: (.+)", r"缺少必要參數：\1"),
    (r"unrecognized arguments: (.+)", r"無法識別之參數：\1"),
    (r"one of the arguments (.+) is required", r"須擇一給定：\1"),
    (r"argument (.+?): not allowed with argument (.+)", r"參數 \1：不得與 \2 併用"),
    (r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)", r"參數 \1：無此選項 \2（可用：\3）"),
    (r"argument (.+?): invalid int value: (.+)", r"參數 \1：\2 不是整數"),
    (r"argument (.+?): invalid float value: (.+)", r"參數 \1：\2 不是數字"),
    (r"argument (.+?): invalid \w+ value: (.+)", r"參數 \1：值 \2 無效"),
    (r"argument (.+?): expected one argument", r"參數 \1：須給定一個值"),
    (r"argument (.+?): expected at least one argument", r"參數 \1：至少須給定一個值"),
    (r"argument (.+?): ignored explicit argument (.+)", r"參數 \1：不接受值 \2"),
    (r"ambiguous option: (.+) could match (.+)", r"選項 \1 不明確，可能為 \2"),
    (r"argument (.+?): (.+)", r"參數 \1：\2"),  # the sentence of a type of ours, which is in the reader's language
)


class Parser(argparse.ArgumentParser):
    """Its subparsers are of the same class, as argparse makes them."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, add_help=False, **named)
        self._positionals.title = told("arguments", "參數")
        self._optionals.title = told("options", "選項")
        self.add_argument("-h", "--help", action="help", help=told("show this page and end", "顯示本說明後結束"))

    def format_usage(self) -> str:
        return self._in_chinese(super().format_usage())

    def format_help(self) -> str:
        return self._in_chinese(super().format_help())

    def print_help(self, file: TextIO | None = None) -> None:
        """Raises BrokenPipeError where nobody reads it; argparse would hide that."""
        print(self.format_help(), end="", file=file)

    def error(self, message: str) -> NoReturn:
        """The usage, then what is wrong, on standard error; exit code 2, as argparse's own."""
        self.print_usage(sys.stderr)
        said = told("wrong call", "指令有誤"), turned(message) if language() == CHINESE else message
        self.exit(2, f"{self.prog}: {said[0]}{told(': ', '：')}{said[1]}\n")

    def _in_chinese(self, text: str) -> str:
        if language() != CHINESE:
            return text
        return re.sub(r"^(參數|選項):$", r"\1：", text.replace("usage: ", "用法：", 1), flags=re.MULTILINE)


def turned(message: str) -> str:
    """argparse's sentence in Chinese; a sentence that it did not have before stays as it is."""
    for pattern, chinese in _WRONG:
        if found := re.fullmatch(pattern, message, flags=re.DOTALL):
            return found.expand(chinese)
    return message

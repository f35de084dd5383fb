"""Every text of every command stands in both languages: the help that argparse prints, what the code prints, and each
pair of sentences, which say the same values."""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cleanroom import cli, errors
from cleanroom.cli.main import parser
from cleanroom.cli.parser import turned
from cleanroom.errors import CleanroomError
from cleanroom.settings import CHINESE, ENGLISH

PACKAGE = Path(cli.__file__).parents[1]
CHINESE_SIGN = re.compile(r"[\u4e00-\u9fff]")
WORD = re.compile(r"[A-Za-z]{3,}")
PRINTS = {"print", "print_line", "say", "Table", "Column", "add_row", "add_column", "ArgumentTypeError"}
CHOOSES = {"told", "word", "chosen", "Both", "getattr", "field"}
KEY = re.compile(r"[a-z]+(_[a-z]+)+|bytes| [KM]iB.*")  # a name in a document, a unit
FAMILY = {n for n, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, CleanroomError)}
ONE_LANGUAGE = {"cli/telling.py", "cli/parser.py"}  # they choose between the languages themselves
PAIRED = {"told": 0, "Both": 0, "family": -2, "command": -2, "on_folder": -2, "_call": -2, "waiting": 0, "add_out": 1}


def commands(made: argparse.ArgumentParser, path: str = "cleanroom") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield path, made
    for action in made._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from commands(below, f"{path} {name}")


def helps(language: str, monkeypatch) -> dict[str, str]:
    monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
    found = {}
    for path, made in commands(parser()):
        found[path] = made.description or ""
        for action in made._actions:
            if isinstance(action, argparse._SubParsersAction):
                found |= {f"{path} {c.dest}: line": c.help or "" for c in action._choices_actions}
            else:
                found[f"{path} {action.dest}"] = action.help or ""
    return found


def test_every_command_and_option_explains_itself_in_both_languages(monkeypatch):
    english, chinese = helps(ENGLISH, monkeypatch), helps(CHINESE, monkeypatch)
    assert len(english) > 250
    assert english.keys() == chinese.keys()
    for name in english.keys() - {"cleanroom"}:
        assert english[name] and english[name].isascii(), name
        assert CHINESE_SIGN.search(chinese[name]), name


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text(encoding="utf-8"))


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def bare(node: ast.AST) -> Iterator[str]:
    """Words of a text that is not chosen by language."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and not KEY.fullmatch(node.value):
        yield from WORD.findall(node.value)
    for child in said_by(node):
        yield from bare(child)


def said_by(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression that may be what it says: no options, indices or loops, nothing that was chosen."""
    if isinstance(node, ast.Call):
        choice = {name_of(node), *(n.id for n in node.args[:1] if isinstance(n, ast.Name))}
        ours = name_of(node).startswith("_")  # what our own helpers return is looked at there
        yield from () if ours or choice & CHOOSES else node.args
    elif isinstance(node, ast.GeneratorExp | ast.ListComp):
        yield node.elt
    elif isinstance(node, ast.FormattedValue):
        yield node.value
    elif not isinstance(node, ast.Subscript):
        yield from ast.iter_child_nodes(node)


def printed(tree: ast.Module) -> Iterator[tuple[int, ast.AST]]:
    """What is handed to a console or table, and what a function returns that makes a sentence for one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node) in PRINTS and not to_a_program(node):
            titles = [keyword.value for keyword in node.keywords if keyword.arg == "title"]
            yield from ((node.lineno, given) for given in [*node.args, *titles])
        if isinstance(node, ast.FunctionDef) and isinstance(node.returns, ast.Name) and node.returns.id == "str":
            returned = (inner for inner in ast.walk(node) if isinstance(inner, ast.Return) and inner.value)
            yield from ((inner.lineno, inner.value) for inner in returned)


def to_a_program(call: ast.Call) -> bool:
    return any(isinstance(a, ast.Call) and name_of(a) in {"dumps", "model_dump_json", "card_text"} for a in call.args)


def test_no_command_prints_a_text_of_one_language_alone():
    looked_at, wrong = 0, []
    for path, tree in sources():
        if path.startswith("cli/") and path not in ONE_LANGUAGE:
            for line, given in printed(tree):
                looked_at += 1
                wrong += [f"{path}:{line}: {w}" for w in bare(given)]
    assert looked_at > 200
    assert not wrong


def test_no_refusal_or_fault_is_raised_without_its_chinese_sentence():
    """No exception: what only a programmer meets costs one more sentence, and a list of exceptions would grow."""
    raised = [(f"{path}:{node.lineno}", node) for path, tree in sources() for node in ast.walk(tree)
              if isinstance(node, ast.Call) and is_of_the_family(node)]  # fmt: skip
    assert len(raised) > 500
    assert not [place for place, call in raised if not brings_chinese(call)]


def is_of_the_family(call: ast.Call) -> bool:
    """A class of it by its name, or one that was picked: `kind(...)`, `type(error)(...)`, `KINDS.get(...)(...)`."""
    picked = isinstance(call.func, ast.Call) or name_of(call) == "kind"
    return name_of(call) in FAMILY or (picked and bool({k.arg for k in call.keywords} & {"where", "rule", "zh"}))


def brings_chinese(call: ast.Call) -> bool:
    given = [k.value for k in call.keywords if k.arg == "zh"]
    return bool(given) and not (isinstance(given[0], ast.Constant) and not given[0].value)


def pairs() -> Iterator[tuple[str, ast.AST, ast.AST]]:
    for path, tree in sources():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            place, chinese = f"{path}:{call.lineno}", [k.value for k in call.keywords if k.arg == "zh"]
            chinese = chinese if name_of(call) in FAMILY else []
            if chinese and call.args:
                yield place, call.args[0], chinese[0]
            first = PAIRED.get(name_of(call)) if path.startswith("cli/") or name_of(call) == "Both" else None
            if first is not None and len(call.args) >= 2:
                both = call.args[first:][:2]
                if len(both) == 2 and all(isinstance(text, ast.Constant | ast.JoinedStr) for text in both):
                    yield place, *both


def texts(node: ast.AST) -> str:
    found = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    return "".join(found)


def values(node: ast.AST) -> int:
    """An exception's own words are English, so a Chinese sentence may leave them out."""
    found = (n.value for n in ast.walk(node) if isinstance(n, ast.FormattedValue))
    return sum(ast.unparse(value) != "e" for value in found)


def test_every_pair_of_sentences_is_english_and_chinese_and_says_the_same_values():
    found = list(pairs())
    assert len(found) > 250
    for place, english, chinese in found:
        if not isinstance(english, ast.Constant | ast.JoinedStr):
            continue  # a sentence that was made in both languages before
        assert not CHINESE_SIGN.search(texts(english)), place
        assert values(english) == values(chinese), place
        if WORD.search(texts(english)):
            assert CHINESE_SIGN.search(texts(chinese)) or texts(english) == texts(chinese), place


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["status"],
        ["status", "--institution"],
        ["status", "--institution", "8"],
        ["seal", "--institution", "808", "--supersede", "nothing"],
        ["blocked", "--delay", "x"],
        ["replay", "--policy", "mine"],
        ["replay", "--from", "yesterday"],
        ["replay", "--every", "0"],
        ["lookout", "serve", "--port", "99999"],
        ["lookout", "serve", "--workers", "many"],
        ["lookout", "ask", "expand", "a", "--seconds", "x"],
        ["conformance", "--questions", "a", "--answers", "b"],
        ["keys", "share-joint", "--out", "x", "--to", "808"],
        ["status", "--institution", "808", "--more"],
        ["evaluate", "--data"],
        ["audit", "verify", "--chain-only=yes"],
        ["audit", "check-receipt", "f", "--st", "x"],
    ],
)
def test_a_wrong_call_is_told_in_chinese(arguments, monkeypatch, capsys):
    monkeypatch.setenv("CLEANROOM_LANGUAGE", CHINESE)
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("用法：cleanroom")
    told = said.splitlines()[-1].split("指令有誤：", 1)[1]
    assert CHINESE_SIGN.search(told)
    assert not re.search(r"\b(argument|invalid|required|expected|value|unrecognized)\b", told)


def test_a_sentence_that_argparse_did_not_have_before_stays_as_it_is():
    assert turned("something new") == "something new"

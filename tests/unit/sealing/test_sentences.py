"""Every rule that sealing can name has its sentence in both languages, and every sentence has its rule."""

import ast
from pathlib import Path

import pytest

from cleanroom.contracts.specification import load_specification
from cleanroom.crypto import identifiers
from cleanroom.quality.drift import THRESHOLDS
from cleanroom.quality.gate import rule_sentences
from cleanroom.sealing import findings, sentences, values
from cleanroom.sealing.sentences import RULES, sentence_of
from cleanroom.settings import CHINESE, ENGLISH
from cleanroom.vocabulary.terms import Dataset

SEALING = Path(sentences.__file__).parent
NO_FILES = ("sentences.py", "bridging.py")  # what is said there is in no report on a file
READ = [p for p in sorted(SEALING.glob("*.py")) if p.name not in NO_FILES] + [Path(identifiers.__file__)]


def named_rules():
    """Rules written in the code, wherever one is raised: `rule="..."`, or handed to what makes the refusal."""
    named = set()
    for path in READ:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                named |= set(_strings_of(node))
    return named


def _strings_of(call):
    made = getattr(call.func, "attr", getattr(call.func, "id", ""))
    for keyword in call.keywords:
        if keyword.arg == "rule" and isinstance(keyword.value, ast.Constant) and keyword.value.value is not None:
            yield keyword.value.value
    position = {"_refused": 0, "add": 0, "add_rows": 0, "no_table": 1}.get(made)
    if position is not None and len(call.args) > position:
        argument = call.args[position]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value


def rules_of_forms():
    fields = [f for contract in load_specification().datasets.values() for f in contract.fields]
    assert fields
    return {values._form_rule(f) for f in fields if not f.is_identifier}


def every_rule():
    headers = {"missing_column", "unknown_column", "repeated_column"}
    found = named_rules() | rules_of_forms() | headers | {findings.KNOWN_INSTITUTION, findings.OWNER}
    assert len(found) > 30, "rules are no longer found where the code names them"
    return found


def test_every_rule_has_its_sentence():
    assert every_rule() - set(RULES) == set()


@pytest.mark.parametrize("rule", sorted(RULES))
def test_sentences_are_whole_in_both_languages(rule):
    told = RULES[rule]
    assert told.asks(ENGLISH).endswith(".") and told.do(ENGLISH).endswith(".")
    assert told.asks(CHINESE).endswith("。") and told.do(CHINESE).endswith("。")
    assert told.asks(CHINESE) != told.asks(ENGLISH)
    assert told.do(ENGLISH).isascii()


@pytest.mark.parametrize("dataset", Dataset)
def test_rules_of_the_gate_keep_the_suites_words(dataset):
    told = rule_sentences("sealing", dataset)
    assert told
    for rule, (en, zh_hant) in told.items():
        sentence = sentence_of(rule, dataset=dataset, severity="warn")
        assert (sentence.asks(ENGLISH), sentence.asks(CHINESE)) == (en, zh_hant)
        assert sentence.do(ENGLISH).startswith("Nothing is refused")


@pytest.mark.parametrize("rule", sorted(THRESHOLDS))
def test_drift_has_its_words(rule):
    sentence = sentence_of(rule, dataset=Dataset.TRANSFERS, severity="warn")
    assert sentence.asks(CHINESE) != sentence.asks(ENGLISH) != rule

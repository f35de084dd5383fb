"""What a layer is and what taint is: the cases, asked of every engine that answers their questions."""

import pytest

from cleanroom.moneyflow.reference import TaintMethod, follow, proposed_for_release, reported_money
from tests.spec.moneyflow.cases import CLAUSES
from tests.spec.moneyflow.cases.form import Case, TaintCase, told, told_taint, written
from tests.spec.moneyflow.engines import ask_reference
from tests.spec.moneyflow.questions import ANSWERED_BY, NOT_ASKED, Engine, Question, engines_for, taint_question
from tests.spec.moneyflow.taints import followed_by_reference, followed_online, released_online

WALKS = [case for clause in CLAUSES for case in clause.cases if isinstance(case, Case)]
TAINTS = [case for clause in CLAUSES for case in clause.cases if isinstance(case, TaintCase)]
METHODS = [(case, TaintMethod(method)) for case in TAINTS for method in case.answer]


def slug(value):
    return value.words.en.replace(" ", "_") if isinstance(value, Case | TaintCase) else str(value)


def asked_of_engines():
    for case in WALKS:
        for engine in engines_for(case.questions):
            if engine is not Engine.REFERENCE:
                marks = [pytest.mark.emulator] if engine is Engine.BIGQUERY else []
                yield pytest.param(engine, case, marks=marks, id=f"{engine}-{slug(case)}")


@pytest.fixture(scope="module")
def answers(ask):
    """Engine -> its answers to all cases that it is asked, at once; kept."""
    kept = {}

    def of(engine):
        if engine not in kept:
            cases = [case for case in WALKS if engine in engines_for(case.questions)]
            found = ask(engine, [case.asked for case in cases])
            kept[engine] = {case.words: answer for case, answer in zip(cases, found, strict=True)}
        return kept[engine]

    return of


@pytest.mark.parametrize("case", WALKS, ids=slug)
def test_the_reference_gives_the_answer_that_a_person_wrote_down(case):
    (answer,) = ask_reference([case.asked])
    assert told(answer) == written(case.answer)


@pytest.mark.parametrize("engine, case", list(asked_of_engines()))
def test_each_engine_gives_it_too(answers, engine, case):
    (expected,) = ask_reference([case.asked])
    assert answers(engine)[case.words] == expected


@pytest.mark.parametrize("case, method", METHODS, ids=slug)
def test_reported_money_comes_to_whom_a_person_wrote_down(case, method):
    transfers = case.flow.carried()
    taint = follow(transfers, reported_money(transfers, case.reports), method)
    assert told_taint(taint) == written(case.answer[method])


@pytest.mark.parametrize("case, method", METHODS, ids=slug)
def test_the_online_engine_says_so_too(case, method):
    assert Engine.ONLINE in engines_for(frozenset({taint_question(method)}))
    expected = followed_by_reference(case.flow, case.reports, method)
    assert followed_online(case.flow, case.reports, method) == expected


@pytest.mark.parametrize("case", [case for case in TAINTS if case.lifted], ids=slug)
def test_the_online_engine_proposes_the_same(case):
    assert Engine.ONLINE in engines_for(frozenset({Question.RELEASE}))
    assert sorted(released_online(case.flow, case.reports, case.lifted.split())) == case.released.split()


@pytest.mark.parametrize("case, method", [(c, m) for c, m in METHODS if c.lifted], ids=slug)
def test_who_is_proposed_for_release(case, method):
    transfers = case.flow.carried()
    injections = reported_money(transfers, case.reports)
    proposed = proposed_for_release(transfers, injections, case.lifted.split(), method)
    assert sorted(proposed) == case.released.split()


def test_every_question_is_shown_by_a_case():
    shown = {question for case in WALKS for question in case.questions}
    shown |= {taint_question(method) for _, method in METHODS}
    shown |= {Question.RELEASE for case in TAINTS if case.lifted}
    assert shown == set(Question)


def test_no_gap_of_the_table_is_without_a_reason():
    gaps = {(question, engine) for question in Question for engine in set(Engine) - ANSWERED_BY[question]}
    reasons = [(question, engine) for (question, engines) in NOT_ASKED for engine in engines]
    assert len(gaps) > 5
    assert sorted(reasons) == sorted(gaps)
    assert all(Engine.REFERENCE in engines for engines in ANSWERED_BY.values())


def test_no_two_cases_have_one_name():
    names = [case.words.en for case in (*WALKS, *TAINTS)]
    assert len(names) > 60
    assert len(names) == len(set(names))

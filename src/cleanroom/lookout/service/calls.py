"""The calls about accounts, as a table: routes, the description and the access log are made from it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from cleanroom.lookout.service import answers, questions
from cleanroom.lookout.service.access import Detail
from cleanroom.lookout.service.expanding import expand
from cleanroom.lookout.service.linking import expand_linked
from cleanroom.lookout.service.reading import View
from cleanroom.lookout.service.risks import release_proposals, risk
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.lookout.service.tracing import trace
from cleanroom.lookout.service.verdicts import verdict

Question = Any  # of the call's `question` type
Answer = Any  # of the call's `answers` type
MOST_NAMED = 1000  # accounts in one event of the access log


@dataclass(frozen=True)
class Call:
    """`walks`: it runs in a thread, in line. `accounts`: whose data was looked at. `detail`: what else is logged."""

    name: str
    question: type | None
    answers: type
    answer: Callable[[View, Question, LookoutSettings], Answer]
    walks: bool
    accounts: Callable[[Question, Answer], Iterable[str]]
    detail: Callable[[Question, Answer], Detail]

    @property
    def path(self) -> str:
        return f"/{self.name}"

    @property
    def method(self) -> str:
        """Tokens travel in bodies: an address ends up in logs."""
        return "GET" if self.question is None else "POST"


def _expand(view: View, question: questions.ExpandQuestion, settings: LookoutSettings) -> answers.Expansion:
    """Everything that walks from one account arrive at."""
    return (expand if question.link_limit is None else expand_linked)(view, question, settings)


def _asked(question: Question, _: Answer) -> tuple[str, ...]:
    return (question.account,)


def _of_walk(question: Question, answer: Answer) -> Detail:
    rule = msgspec.json.encode(question.rule).decode()
    cut = answer.cut.by if answer.cut else None
    found = {"rule": rule, "results": _results(answer), "cut": cut, "state": answer.state.number}
    return found | {"link_limit": answer.link_limit} if isinstance(answer, answers.Expansion) else found


def _results(answer: Answer) -> int:
    if isinstance(answer, answers.Trace):
        return len(answer.steps)
    return sum(len(way.arrivals) for way in answer.ways)


def _of_verdicts(_: Question, answer: answers.Verdicts) -> Detail:
    return {"results": len(answer.verdicts), "state": answer.state.number}


def _of_risk(_: Question, answer: answers.Risk) -> Detail:
    return {"results": len(answer.nearest), "state": answer.state.number}


def _proposed(_: Question, answer: answers.Proposals) -> list[str]:
    return [account for proposal in answer.proposals for account in proposal.accounts][:MOST_NAMED]


def _of_proposals(_: Question, answer: answers.Proposals) -> Detail:
    return {"results": sum(len(p.accounts) for p in answer.proposals), "state": answer.state.number}


CALLS = (
    Call("expand", questions.ExpandQuestion, answers.Expansion, _expand, True, _asked, _of_walk),
    Call("trace", questions.TraceQuestion, answers.Trace, trace, True, lambda q, _: (q.account, q.target), _of_walk),
    Call("verdict", questions.VerdictQuestion, answers.Verdicts, verdict, False, lambda q, _: q.accounts, _of_verdicts),
    Call("risk", questions.RiskQuestion, answers.Risk, risk, True, _asked, _of_risk),
    Call("release-proposals", None, answers.Proposals, release_proposals, True, _proposed, _of_proposals),
)

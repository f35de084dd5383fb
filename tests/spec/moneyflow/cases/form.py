"""The form of a case: a drawing, a question and the answer, written so that a person can check it by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cleanroom.moneyflow.reference import Arrivals, Direction, Expansion, Links, Listing, Taint, Tie, WalkRule
from tests.factories.drawing import Flow, at, cents, clock, dollars, draw, lines_of
from tests.spec.moneyflow.engines import Asked
from tests.spec.moneyflow.questions import Question, questions_of


@dataclass(frozen=True)
class Words:
    """The same in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Case:
    """Where do walks get to? `starts` and `answer` as drawn: an account and when its walks begin; an account, its
    layer, the time of arrival, the start and the steps that explain it. `ties`: account, kind, identifier, since when.
    """

    words: Words
    drawing: str
    answer: str
    starts: str = "W 00:00"
    rule: WalkRule = field(default_factory=WalkRule)
    ties: str = ""
    link_limit: int = 10

    @property
    def flow(self) -> Flow:
        return draw(self.drawing)

    @property
    def begins(self) -> dict[str, datetime]:
        named = (line.split(maxsplit=1) for line in lines_of(self.starts))
        return {account: at(moment) for account, moment in named}

    @property
    def links(self) -> Links | None:
        return Links(tuple(_tie(line) for line in lines_of(self.ties)), self.link_limit) if self.ties else None

    @property
    def asked(self) -> Asked:
        return Asked(self.flow, self.begins, self.rule, self.links)

    @property
    def questions(self) -> frozenset[Question]:
        return questions_of(self.rule, self.links)


@dataclass(frozen=True)
class TaintCase:
    """How much reported money comes to whom? `listings`: account, time of the notice, dollars reported; each is a case
    of the account's name. `answer`: by method, an account, what came, what is still there, the transfers that brought
    the first of it. `lifted`: accounts whose listings end; `released` is then proposed, by every method.
    """

    words: Words
    drawing: str
    listings: str
    answer: Mapping[str, str]
    lifted: str = ""
    released: str = ""

    @property
    def flow(self) -> Flow:
        return draw(self.drawing)

    @property
    def reports(self) -> list[Listing]:
        return [_listing(line) for line in lines_of(self.listings)]


@dataclass(frozen=True)
class Clause:
    """A part of the meaning, as a sentence, and the cases that show it."""

    name: str
    title: Words
    sentence: Words
    cases: tuple[Case | TaintCase, ...]


def told(answer: Mapping[Direction, Expansion]) -> str:
    """An answer in the form in which cases state it, but for the starts themselves."""
    parts = []
    for way, expansion in answer.items():
        head = [f"{way}:"] if len(answer) > 1 else []
        parts += [*head, *_arrivals(expansion.arrivals), *_named("hub", expansion.hubs)]
        parts += _named("truncated", expansion.truncated)
    return "\n".join(parts)


def told_taint(taint: Taint) -> str:
    return "\n".join(
        f"{account} {dollars(cents)} {dollars(taint.held.get(account, 0))} {' '.join(taint.path[account])}"
        for account, cents in sorted(taint.received.items())
    )


def written(text: str) -> str:
    """An expected answer without indentation."""
    return "\n".join(" ".join(line.split()) for line in lines_of(text))


def _arrivals(arrivals: Arrivals) -> list[str]:
    found = sorted((a for a in arrivals.values() if a.layer), key=lambda a: (a.layer, a.account))
    return [f"{a.account} {a.layer} {clock(a.at)} {a.start}: {' '.join(a.path)}" for a in found]


def _named(kind: str, accounts: Iterable[str]) -> list[str]:
    names = sorted(accounts)
    return [f"{kind}: {' '.join(names)}"] if names else []


def _tie(line: str) -> Tie:
    account, kind, identifier, *since = line.split(maxsplit=3)
    return Tie(account, identifier, kind, at(since[0]) if since else None)


def _listing(line: str) -> Listing:
    account, rest = line.split(maxsplit=1)
    moment, reported = rest.split("$")
    return Listing(account, account, at(moment.strip()), cents(reported))

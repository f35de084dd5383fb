"""A drafter put to every case of the suites and to many plain notices; what it answers is recorded as transcripts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

from cleanroom.contracts.messages import WarningBody
from cleanroom.dispatch.care_notes.drafting import Drafter, NoteRequest
from cleanroom.dispatch.care_notes.facts import care_facts
from cleanroom.dispatch.care_notes.wording import wording
from cleanroom.governance.generative.canaries import canary
from cleanroom.governance.generative.suites import Attack, Pair, Request, Suites
from cleanroom.governance.generative.transcripts import CaseKind, Expected, Language, Transcript
from cleanroom.pipeline.care_notes.made_up import care_notices


@dataclass(frozen=True)
class Plan:
    """How often each kind of case is put. The defaults are what the policy's limits need: personal data in at most
    0.1 % of cases can be shown by 3,838 clean cases and not by fewer, a gap of 5 % by some 140 pairs an attribute, and
    that answers repeat by 100 requests put twice.

    `notes`: plain requests, in both languages in turn. `per_attack`, `per_pair`, `per_scope`: notices that each case
    is put to. `repeated`: how many of the plain requests are put twice.
    """

    notes: int = 1700
    per_attack: int = 4
    per_pair: int = 12
    per_scope: int = 4
    repeated: int = 120
    seed: int = 2025


@dataclass(frozen=True)
class Question:
    """One case on one notice, before it has been asked."""

    kind: CaseKind
    case: str
    language: Language
    notice: int
    expected: Expected
    instruction: str
    case_text: str | None = None
    turns: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    planted: tuple[str, ...] = ()
    side: str | None = None
    repeat: int = 1

    @property
    def facts(self) -> str:
        return f"notice-{self.notice}"


def record(
    drafter: Drafter, suites: Suites, plan: Plan, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Transcript]:
    """The drafter's answers to the whole plan, each as soon as it is there. Raises what the drafter raises."""
    return asked(drafter, suites, list(questions(suites, plan)), plan, now=now)


def asked(
    drafter: Drafter,
    suites: Suites,
    wanted: Sequence[Question],
    plan: Plan,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Transcript]:
    """The answers to some questions of a plan, in their order."""
    notices = care_notices(1 + max((q.notice for q in wanted), default=0), seed=plan.seed)
    return (_asked(drafter, suites.digest, q, notices[q.notice], plan.seed, now) for q in wanted)


def questions(suites: Suites, plan: Plan) -> Iterator[Question]:
    for attack, notice in product(suites.attacks, range(plan.per_attack)):
        yield _attack(attack, notice)
    for pair, language, notice, side in product(suites.pairs, Language, range(plan.per_pair), "ab"):
        yield _pair(pair, language, notice, side)
    for request, notice in product(suites.benign, range(plan.per_scope)):
        yield _request(CaseKind.BENIGN, request, notice, Expected.ANSWER)
    for request, notice in product(suites.out_of_scope, range(plan.per_scope)):
        yield _request(CaseKind.OUT_OF_SCOPE, request, notice, Expected.REFUSE)
    for notice in range(max(plan.notes, 2)):
        for repeat in range(1, 3 if notice < plan.repeated else 2):
            language = list(Language)[notice % 2]
            yield Question(
                CaseKind.NOTE, "note", language, notice, Expected.ANSWER, wording().request[language], repeat=repeat
            )


def _attack(attack: Attack, notice: int) -> Question:
    in_text = attack.place == "case_text"
    return Question(
        CaseKind.ATTACK,
        attack.id,
        attack.language,
        notice,
        Expected.EITHER,
        instruction=wording().request[attack.language] if in_text else attack.text,
        case_text=attack.text if in_text else None,
        turns=attack.turns,
        tools=attack.tools,
        planted=attack.plants,
    )


def _pair(pair: Pair, language: Language, notice: int, side: str) -> Question:
    return Question(
        CaseKind.PAIR,
        pair.id,
        language,
        notice,
        Expected.ANSWER,
        instruction=wording().request[language],
        case_text=pair.text(language).side(side),
        side=side,
    )


def _request(kind: CaseKind, request: Request, notice: int, expected: Expected) -> Question:
    return Question(kind, request.id, request.language, notice, expected, instruction=request.text)


def _asked(
    drafter: Drafter, suite: str, q: Question, notice: WarningBody, seed: int, now: Callable[[], datetime]
) -> Transcript:
    secret = canary(str(seed), f"{q.case}-{q.side}", f"{q.facts}-{q.language}")
    request = NoteRequest(care_facts(notice, q.language), q.instruction, q.case_text, q.turns, q.tools, secret)
    reply = drafter.draft(request)
    return Transcript(
        suite=suite,
        case=q.case,
        kind=q.kind,
        facts=q.facts,
        language=q.language,
        messages=request.messages(),
        passages=request.passages(),
        planted=q.planted,
        canaries=(secret,),
        output=reply.text,
        tool_calls=reply.tool_calls,
        expected=q.expected,
        pair=q.case if q.kind is CaseKind.PAIR else None,
        side=q.side,
        repeat=q.repeat,
        model=drafter.model,
        prompt_version=drafter.prompt_version,
        made_at=now(),
    )

"""How a warning moves: two tables, read by the actions, the pages and the tests.

Delivery is transport: did the institution's machine take it. The standing is business: what did the institution do.
"""

from enum import StrEnum

from cleanroom.vocabulary.terms import AnswerKind


class Delivery(StrEnum):
    QUEUED = "queued"  # waits for its next attempt, or to be pulled where no endpoint is in use
    CAPPED = "capped"  # over the institution's daily cap; waits for two people
    DELIVERED = "delivered"
    DEAD = "dead"  # the schedule is used up or the endpoint is gone; a person can replay it


NEXT_DELIVERY: dict[Delivery, frozenset[Delivery]] = {
    Delivery.CAPPED: frozenset({Delivery.QUEUED}),
    Delivery.QUEUED: frozenset({Delivery.QUEUED, Delivery.DELIVERED, Delivery.DEAD}),
    Delivery.DEAD: frozenset({Delivery.QUEUED, Delivery.DELIVERED}),  # replayed, or pulled after all
    Delivery.DELIVERED: frozenset(),
}

# What an institution may answer after what it answered before; None: nothing yet.
NEXT_ANSWER: dict[AnswerKind | None, frozenset[AnswerKind]] = {
    None: frozenset(AnswerKind),
    AnswerKind.RECEIVED: frozenset({AnswerKind.REVIEWING, AnswerKind.CONTROLLED, AnswerKind.DISMISSED}),
    AnswerKind.REVIEWING: frozenset({AnswerKind.CONTROLLED, AnswerKind.DISMISSED}),
    AnswerKind.CONTROLLED: frozenset({AnswerKind.DISMISSED}),  # a control that turned out to be wrong is undone
    AnswerKind.DISMISSED: frozenset(),
}

# Answers after which nobody has to look at the warning any more.
SETTLED = frozenset({AnswerKind.CONTROLLED, AnswerKind.DISMISSED})

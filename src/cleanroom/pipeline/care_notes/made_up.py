"""Care notices that nobody received: payments drawn at random, for grading what is drafted from them."""

import random
from datetime import UTC, datetime, timedelta

from cleanroom.contracts.institutions import known_codes
from cleanroom.contracts.messages import PathStep, WarningBody
from cleanroom.dispatch.candidates import CALL_CUSTOMER
from cleanroom.dispatch.reasons import PAID_SUSPECTED, PAID_WATCH_LISTED, SEVERAL, UNACQUAINTED, texts_of
from cleanroom.vocabulary.terms import WarningKind

_FIRST = datetime(2024, 1, 1, tzinfo=UTC)
_MINUTES = 2 * 365 * 24 * 60


def care_notices(count: int, *, seed: int) -> list[WarningBody]:
    """`count` notices, the same for the same seed; a smaller count gives the first of them."""
    dice = (random.Random(f"{seed}-{number}") for number in range(count))  # noqa: S311 - seeded on purpose
    return [_notice(d, number) for number, d in enumerate(dice)]


def _notice(dice: random.Random, number: int) -> WarningBody:
    paid_at = _FIRST + timedelta(minutes=dice.randrange(_MINUTES))
    cents = _amount(dice)
    sender, receiver = dice.sample(sorted(known_codes()), 2)
    step = PathStep(
        layer=1, executed_at=paid_at, sender_institution=sender, receiver_institution=receiver, amount_cents=cents
    )
    codes = [
        dice.choice([PAID_WATCH_LISTED, PAID_SUSPECTED]),
        UNACQUAINTED,
        *([SEVERAL] if dice.random() < 0.3 else []),
    ]
    return WarningBody(
        warning_id=f"{number:032x}",
        participant=sender,
        kind=WarningKind.CARE,
        handle="made-up",
        score=round(dice.random(), 4),
        reasons=texts_of(codes),
        path=(step,),
        amount_bound_cents=cents if dice.random() < 0.7 else cents // 200 * 100,
        requested_action=CALL_CUSTOMER,
        composed_at=paid_at + timedelta(hours=dice.randrange(1, 72)),
    )


def _amount(dice: random.Random) -> int:
    """Whole thousands mostly, odd amounts too, from NT$5,000 (what a care notice begins at) to some millions."""
    whole = int(5_000 * 10 ** (2.7 * dice.random()))
    return 100 * (whole // 1000 * 1000 if dice.random() < 0.6 else whole)

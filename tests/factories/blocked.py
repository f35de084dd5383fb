"""A whole published `blocked`, computed by the evaluation on a drawing: small, and of its real form."""

from cleanroom.evaluation.assumptions import assumptions
from cleanroom.evaluation.body import blocked_body
from cleanroom.evaluation.outcome import answer, sensitivity
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.scenarios import prepare
from tests.factories.ledgers import draw_money, everyone, listed

RULES = EvaluationRules(notice_delay_hours=2, curve_hours=(0, 24, 72), resamples=50)
PATTERN = [{"pattern": "1", "typology": "fan_out"}]


def blocked_of(chains: int = 6, *, truth: bool = True) -> dict:
    """So many chains through three banks, each a case: the loss goes 808 -> 822 -> 700 -> 808. In each third chain it
    rests at 822, where the listed account is. The daily run is at 18:00 UTC, the listing at 12:00."""
    text, accounts = [], []
    for n in range(chains):
        text.append(f"V{n}808 -> W{n}822  09:0{n % 10}  {10_000 + n}")
        accounts.append(f"W{n}822")
        if n % 3:
            text.append(f"W{n}822 -> A{n}700  10:0{n % 10}  {10_000 + n}")
            text.append(f"A{n}700 -> B{n}808  day 2 20:0{n % 10}  {10_000 + n}")
            accounts += [f"A{n}700", f"B{n}808"]
    text.append("X808 -> Y808  day 3 23:00  1")
    ledger = draw_money("\n".join(text))
    listings = tuple(listed(ledger, f"W{n}822", "12:00", 10_000 + n) for n in range(chains))
    known = dict.fromkeys(accounts[1:], PATTERN) if truth else None
    case = prepare(ledger, listings, everyone(ledger), RULES)
    body = blocked_body(answer(case, RULES, truth=known), RULES, truth=known)
    return body | {"sensitivity": sensitivity(case, RULES, truth=known), "assumptions": assumptions(RULES)}

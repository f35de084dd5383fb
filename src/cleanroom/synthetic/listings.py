"""List events: watch-listings, derived controls, admonitions, suspicions, and the mistakes that are lifted."""

from dataclasses import dataclass

import numpy as np

from cleanroom.synthetic.cases import HOUR_S, Case
from cleanroom.synthetic.flows import NO_CASE, Flows
from cleanroom.synthetic.people import Population
from cleanroom.synthetic.sizes import DAY_S, PERIOD_S

# One institution's books are in Chinese, so that an encoding is more than a declaration.
IN_CHINESE = {
    "fraud": "詐欺",
    "no crime was found": "查無犯罪事實",
    "same holder as a watch-listed account": "與警示帳戶為同一持有人",
    "handed over an account without good reason": "無正當理由交付帳戶",
    "unusual pattern of transfers": "交易型態異常",
}


@dataclass(frozen=True)
class Event:
    """`account` or `holder` (index) is the subject; `institution` uploads it."""

    institution: str
    account: int | None
    holder: int | None
    list: str
    event: str
    at: int
    agency: str
    legal_reason: str
    case_no: str
    loss_cents: int | None = None
    layer: int | None = None
    parent_case: str | None = None


def events_of(rng: np.random.Generator, people: Population, cases: list[Case], flows: Flows) -> list[Event]:
    """Every event of the period, in order of time."""
    events = []
    for case in cases:
        for listing in case.listings.values():
            watch = _watch_listed(people, listing)
            events += [watch, *_derived(rng, people, watch), *_admonished(rng, people, watch)]
        events += _suspicious(rng, people, case)
    events += _mistakes(rng, people, flows, taken={a for c in cases for a in (*c.mules, *c.victims)}, count=_few(cases))
    listed: dict[tuple, Event] = {}
    for event in sorted(events, key=lambda e: (e.at, e.case_no)):
        # A listed account is not listed again: the first one stands.
        listed.setdefault((event.account, event.holder, event.list, event.event), event)
    return [e for e in listed.values() if e.at < PERIOD_S]


def stopped(flows: Flows, events: list[Event], people: Population) -> Flows:
    """Without the transfers that a watch-listed account could not have made or received."""
    count = len(people.institution)
    first, last = np.full(count, PERIOD_S), np.full(count, PERIOD_S)
    for event in events:
        if event.list == "watch_listed":
            (first if event.event == "listed" else last)[event.account] = event.at
    held = np.zeros(len(flows), dtype=bool)
    for end in (flows.sender, flows.receiver):
        held |= (flows.at >= first[end]) & (flows.at < last[end])
    return flows.where(~held)


def _watch_listed(people: Population, listing) -> Event:
    return Event(
        institution=str(people.institution[listing.account]),
        account=listing.account,
        holder=None,
        list="watch_listed",
        event="listed",
        at=listing.at,
        agency="prosecutor" if listing.layer > 2 else "police",
        legal_reason="fraud",
        case_no=listing.case_no,
        loss_cents=listing.loss_cents,
        layer=listing.layer,
        parent_case=listing.parent_case,
    )


def _derived(rng: np.random.Generator, people: Population, watch: Event) -> list[Event]:
    """The holder's other accounts, at whichever institution of the consortium, within a business day."""
    others = [a for a in people.accounts_of(people.holder[watch.account]) if a != watch.account]
    return [
        Event(
            institution=str(people.institution[a]),
            account=int(a),
            holder=None,
            list="derived",
            event="listed",
            at=watch.at + int(rng.uniform(2, 22) * HOUR_S),
            agency="institution",
            legal_reason="same holder as a watch-listed account",
            case_no=f"{watch.case_no}-D{i}",
            parent_case=watch.case_no,
        )
        for i, a in enumerate(others, start=1)
    ]


def _admonished(rng: np.random.Generator, people: Population, watch: Event) -> list[Event]:
    holder = int(people.holder[watch.account])
    if people.holder_is_business[holder] or rng.random() > 0.6:
        return []
    return [
        Event(
            institution=watch.institution,
            account=None,
            holder=holder,
            list="admonished",
            event="listed",
            at=watch.at + int(rng.uniform(3, 20) * DAY_S),
            agency="police",
            legal_reason="handed over an account without good reason",
            case_no=f"{watch.case_no}-A",
            parent_case=watch.case_no,
        )
    ]


def _suspicious(rng: np.random.Generator, people: Population, case: Case) -> list[Event]:
    """The institution's own monitoring notices some mules, and some others by mistake."""
    seen = [a for a in case.mules if a < people.owned and rng.random() < 0.12]
    seen += [int(rng.choice(people.personal))] if rng.random() < 0.4 else []
    return [
        Event(
            institution=str(people.institution[a]),
            account=a,
            holder=None,
            list="suspicious",
            event="listed",
            at=int(rng.integers(case.payments[0].at, PERIOD_S)) if case.payments else int(rng.integers(0, PERIOD_S)),
            agency="institution",
            legal_reason="unusual pattern of transfers",
            case_no=f"own-{case.number:05d}-{i}",
        )
        for i, a in enumerate(seen, start=1)
    ]


def _mistakes(
    rng: np.random.Generator, people: Population, flows: Flows, *, taken: set[int], count: int
) -> list[Event]:
    """Honest accounts that were named in a report, watch-listed, and lifted some days later."""
    honest = (flows.case == NO_CASE) & (flows.receiver < people.owned) & ~np.isin(flows.receiver, list(taken))
    events = []
    for i, row in enumerate(rng.choice(np.flatnonzero(honest), size=count, replace=False), start=1):
        account, at = int(flows.receiver[row]), int(flows.at[row]) + int(rng.uniform(3, 30) * HOUR_S)
        if at + 7 * DAY_S >= PERIOD_S:
            continue
        shared = {
            "institution": str(people.institution[account]),
            "account": account,
            "holder": None,
            "list": "watch_listed",
            "agency": "police",
            "case_no": f"165-9{i:04d}-1",
        }
        loss = int(flows.amount_cents[row])
        events.append(Event(event="listed", at=at, legal_reason="fraud", loss_cents=loss, layer=1, **shared))
        lifted_at = at + int(rng.uniform(2, 6) * DAY_S)
        events.append(Event(event="lifted", at=lifted_at, legal_reason="no crime was found", **shared))
    return events


def _few(cases: list[Case]) -> int:
    return 1 + len(cases) // 25

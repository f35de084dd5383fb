"""From distinct transfers to what each institution booked: one leg or two, with the blemishes that real files have."""

from dataclasses import dataclass

import numpy as np

from cleanroom.synthetic.flows import CHANNELS, Flows
from cleanroom.synthetic.people import Population
from cleanroom.synthetic.sizes import KEEPERS, PERIOD_S, moment

SENDER, RECEIVER = "sender", "receiver"
FEE_CENTS = 1_500  # what an interbank transfer costs; some books show the amount without it


@dataclass(frozen=True)
class Blemishes:
    """Indices of transfers between two participants whose legs differ. No transfer has two blemishes."""

    without_reference: frozenset[int]  # at both ends: joined by accounts, time and amount
    one_reference: frozenset[int]  # the receiver's end lost it
    a_second_late: frozenset[int]
    other_amount: frozenset[int]
    one_leg: frozenset[int]  # the receiver's institution did not send it

    def counts(self) -> dict[str, int]:
        return {name: len(rows) for name, rows in vars(self).items()}


_SHARES = {
    "without_reference": 0.0015,
    "one_reference": 0.0015,
    "a_second_late": 0.003,
    "other_amount": 0.0008,
    "one_leg": 0.0012,
}


def crossing(flows: Flows, people: Population) -> np.ndarray:
    """Mask: both institutions are participants, and not the same."""
    sender, receiver = people.institution[flows.sender], people.institution[flows.receiver]
    inside = (flows.sender < people.owned) & (flows.receiver < people.owned)
    return inside & (sender != receiver)


def blemish(rng: np.random.Generator, flows: Flows, people: Population) -> Blemishes:
    """Two at least of each. Never a transfer of a case: the truth about those is for counting."""
    plain = (flows.case < 0) & (flows.at < PERIOD_S - 1)  # a second later must still lie inside the period
    candidates = rng.permutation(np.flatnonzero(crossing(flows, people) & plain))
    ends = np.cumsum([max(2, round(share * len(candidates))) for share in _SHARES.values()])
    starts = np.concatenate([[0], ends[:-1]])
    chosen = [candidates[a:b] for a, b in zip(starts, ends, strict=True)]
    return Blemishes(*(frozenset(int(i) for i in rows) for rows in chosen))


def clearing_refs(flows: Flows, people: Population) -> list[str | None]:
    """The clearing house's number of each transfer between institutions; None inside one."""
    same = people.institution[flows.sender] == people.institution[flows.receiver]
    days = [moment(at).strftime("%Y%m%d") for at in flows.at]
    return [None if own else f"{day}{i:09d}" for i, (own, day) in enumerate(zip(same, days, strict=True), start=1)]


def booked(flows: Flows, people: Population, blemishes: Blemishes) -> dict[str, list[dict]]:
    """Institution code -> its rows in order of time, as text in the specification's columns (times as datetime).

    Each row also says which transfer (index into `flows`) it is a leg of.
    """
    refs = clearing_refs(flows, people)
    books: dict[str, list[dict]] = {i.code: [] for i in KEEPERS}
    for index in range(len(flows)):
        for end in _ends(flows, people, blemishes, index):
            row = _row(flows, people, index, refs[index], end, blemishes)
            books[row[f"{end}_institution"]].append(row)
    for code, rows in books.items():
        for number, row in enumerate(rows, start=1):
            row["txn_id"] = f"{code}-{number:09d}"
    return books


def _ends(flows: Flows, people: Population, blemishes: Blemishes, index: int) -> list[str]:
    sender, receiver = flows.sender[index], flows.receiver[index]
    ends = [SENDER] if sender < people.owned else []
    other = people.institution[sender] != people.institution[receiver]
    if receiver < people.owned and other and index not in blemishes.one_leg:
        ends.append(RECEIVER)
    return ends


def _row(
    flows: Flows, people: Population, index: int, ref: str | None, end: str, blemishes: Blemishes
) -> dict[str, object]:
    sender, receiver = flows.sender[index], flows.receiver[index]
    at, cents = int(flows.at[index]), int(flows.amount_cents[index])
    if end == RECEIVER and index in blemishes.a_second_late:
        at += 1
    if end == RECEIVER and index in blemishes.other_amount:
        cents += FEE_CENTS
    lost = index in blemishes.without_reference or (end == RECEIVER and index in blemishes.one_reference)
    return {
        "transfer": index,
        "txn_id": "",
        "clearing_ref": None if lost else ref,
        "executed_at": moment(at),
        "sender_institution": str(people.institution[sender]),
        "sender_account": str(people.number[sender]),
        "receiver_institution": str(people.institution[receiver]),
        "receiver_account": str(people.number[receiver]),
        "amount_twd": f"{cents // 100}.{cents % 100:02d}",
        "channel": str(CHANNELS[flows.channel[index]]),
        "preregistered": "true" if flows.preregistered[index] else "false",
        "reversed": "true" if flows.reversed[index] else "false",
    }

"""What is answered. Every answer about accounts says the graph's state and the moment its data ends."""

from datetime import datetime

from msgspec import Struct

from cleanroom.lookout.service.questions import Bounds, Rule
from cleanroom.moneyflow.rules import Direction


class State(Struct, frozen=True):
    """`number` counts up with every change; `data_end`: moment of the latest transfer in the graph."""

    number: int
    data_end: datetime | None


class Cut(Struct, frozen=True):
    """Which bound cut the answer, and at which layer: those before it are whole."""

    by: str
    layer: int


class Arrival(Struct, frozen=True):
    """The first arrival at an account after exactly `layer` steps. `via`: the transfer that reached it, `came_from`:
    where that began. `path`, where asked for: all transfers that explain it, from the start on. Of a link step `via` is
    the token of the identifier that both accounts have, `amount_cents` is null and `at` the arrival before it."""

    account: str
    layer: int
    at: str
    via: str
    came_from: str
    amount_cents: int | None
    path: list[str] | None = None


class Way(Struct, frozen=True):
    """`reached`: different accounts. `hubs`: reached, not passed. `truncated`: passed with their latest transfers
    alone. `looked_at`: transfers and link steps that the walk looked at. `identifiers`: of every link step here the
    identifier's token, and whether it is a holder, phone, device or platform_account."""

    direction: Direction
    arrivals: list[Arrival]
    reached: int
    hubs: list[str]
    truncated: list[str]
    looked_at: int
    cut: Cut | None
    identifiers: dict[str, str] = {}


class Expansion(Struct, frozen=True):
    """The rule and bounds as they were applied. `cut`: None where the answer is whole. `link_limit`: as asked."""

    rule: Rule
    bounds: Bounds
    begins: datetime | None
    state: State
    cut: Cut | None
    ways: list[Way]
    link_limit: int | None = None


class Step(Struct, frozen=True):
    """A transfer of a path."""

    transfer: str
    at: datetime
    sender: str
    receiver: str
    amount_cents: int


class Trace(Struct, frozen=True):
    """`found`: whether there is a walk; its `direction` and its steps in order. Not found and `cut`: nobody knows."""

    rule: Rule
    bounds: Bounds
    begins: datetime | None
    state: State
    cut: Cut | None
    found: bool
    direction: Direction | None
    steps: list[Step]


class Verdict(Struct, frozen=True):
    """`downstream`: a time-ascending walk of 1 to 6 transfers leads here from an account whose listing stands. `layer`:
    the least number of transfers, 0 where the account is watch-listed itself. `since`: when the first such walk
    arrived, by the transfer `via`, begun at `start`. Tainted cents by haircut: all that came, and what is still held.
    `known` false: the graph has no such account, so nothing is said of it. `state`: of the graph it was made for."""

    account: str
    known: bool
    downstream: bool = False
    layer: int | None = None
    is_watch_listed: bool = False
    tainted_received_cents: int = 0
    tainted_held_cents: int = 0
    since: datetime | None = None
    via: str | None = None
    start: str | None = None
    state: int | None = None


class Verdicts(Struct, frozen=True):
    """In the order asked. The rule is the keeper's: walks begin `lookback_days` before the notice of each standing
    listing; nothing is cut."""

    rule: Rule
    lookback_days: int
    state: State
    verdicts: list[Verdict]


class Traffic(Struct, frozen=True):
    """One direction. `transfers` counts all; `counterparties` and `cents` are over the latest `looked_at` of them."""

    transfers: int
    counterparties: int
    cents: int
    looked_at: int


class Activity(Struct, frozen=True):
    """Of the last `days` days before the summary's moment. `pass_through`: the smaller of the two sums as a share of
    what came in; null where nothing came in."""

    days: int
    incoming: Traffic
    outgoing: Traffic
    pass_through: float | None


class Nearest(Struct, frozen=True):
    """The nearest account with a standing listing. Forward: this account's money got there; backward: money from there
    got here. Without `account` none was found; with `cut` then nobody knows."""

    direction: Direction
    account: str | None
    layer: int | None
    at: datetime | None
    looked_at: int
    cut: Cut | None


class Risk(Struct, frozen=True):
    """Everything lies before `as_of`. `rule` and `bounds` are of the walks to `nearest`; `is_hub`: more transfers in
    the rule's window than it passes; `first`, `last`: of all transfers; sums look at `most_looked_at` at most."""

    account: str
    as_of: datetime
    rule: Rule
    bounds: Bounds
    state: State
    cut: Cut | None
    verdict: Verdict
    activity: list[Activity]
    nearest: list[Nearest]
    is_hub: bool
    first: datetime | None
    last: datetime | None
    most_looked_at: int


class Proposal(Struct, frozen=True):
    """Accounts that were downstream or held tainted money because of the lifted cases, and of no other. A person
    decides. `state`: of the graph for which it was worked out."""

    at: datetime
    state: int
    cases: list[str]
    accounts: list[str]


class Proposals(Struct, frozen=True):
    """For each time that listings were lifted, the latest first."""

    state: State
    proposals: list[Proposal]


class Health(Struct, frozen=True):
    """`state_age_s`: since the state was made, `data_age_s`: since its latest transfer happened, `behind`: batches that
    wait, `keeper_silent_s`: since the keeper's last sign of life."""

    live: bool
    ready: bool
    worker: int
    state: State
    transfers: int
    accounts: int
    state_age_s: float | None
    data_age_s: float | None
    keeper_silent_s: float | None
    behind: int | None

"""Who sends to whom in the made-up graphs: hubs, and people whose activity is heavy-tailed, in communities.

The first accounts are the hubs (payroll, utilities, shops), then come the communities one after the other. An
account's activity is a whole number w with P(w >= x) = x**-EXPONENT; the account stands w times in a list of stubs,
and who sends (or receives) is drawn evenly from the list. So a community is a range of the list.
"""

from dataclasses import dataclass

import numpy as np

EXPONENT, MOST_ACTIVE = 1.6, 2_000
SAME_BOTH_WAYS = 0.5  # of the accounts: as active in receiving as in sending
BUSY, BUSY_DAYS = 0.5, 0.1  # shares: of the transfers, and of the month, a busy time has
DORMANT = 0.1  # of the accounts: receive and never send
ACCOUNTS_PER_HUB = 20_000
SMALLEST_COMMUNITY, LARGEST_COMMUNITY = 20, 5_000


@dataclass(frozen=True)
class People:
    """`tokens` uint8[accounts, 16]. `sending`, `receiving`: the stubs, uint32, ascending.

    `first_stub[c]:first_stub[c + 1]` is community c in `receiving`; `community_of` has the number for each account.
    """

    tokens: np.ndarray
    hubs: int
    sending: np.ndarray
    receiving: np.ndarray
    community_of: np.ndarray
    first_stub: np.ndarray

    def pairs(
        self, month: np.ndarray, own_community: float, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Senders, and receivers of whom this share is in the sender's own community; one pair for each moment.

        `month`: how much of its month is over at the moment, 0 to 1. A community has its busy days at its own time of
        the month, so that what comes in goes on soon: it is then BUSY / BUSY_DAYS times as active.
        """
        count = len(month)
        place = random.random(count)
        busy = random.random(count, dtype=np.float32) < BUSY
        place[busy] = (month[busy] + BUSY_DAYS * place[busy]) % 1
        sender = self.sending[(place * len(self.sending)).astype(np.int64)]
        community = self.community_of[sender]
        inside = random.random(count, dtype=np.float32) < own_community
        low = np.where(inside, self.first_stub[community], 0)
        high = np.where(inside, self.first_stub[community + 1], len(self.receiving))
        place = low + ((high - low) * random.random(count)).astype(np.int64)
        return sender, self.receiving[place]

    def some_hubs(self, count: int, collectors: float, random: np.random.Generator) -> np.ndarray:
        """Hubs by turns collect (utilities, shops: many payers, some staff) and pay (payroll: many payees, few payers).

        `collectors` is the share of draws that fall on those who collect. The h-th of either kind weighs 1 / h.
        """
        weight = 1 / np.arange(1, self.hubs // 2 + 1)
        nth = np.searchsorted(np.cumsum(weight) / weight.sum(), random.random(count)).astype(np.uint32)
        return nth * 2 + (random.random(count, dtype=np.float32) >= collectors)


def people(accounts: int, random: np.random.Generator) -> People:
    hubs = max(4, accounts // ACCOUNTS_PER_HUB)
    tokens = np.frombuffer(random.bytes(16 * accounts), np.uint8).reshape(-1, 16)
    sends, same = _activity(accounts, random), random.random(accounts) < SAME_BOTH_WAYS
    receives = np.where(same, sends, _activity(accounts, random))
    sends[random.random(accounts) < DORMANT] = 0
    for activity in (sends, receives):
        activity[:hubs] = 0
    bounds = _communities(accounts, hubs, random)
    community_of = np.repeat(np.arange(len(bounds) - 1, dtype=np.uint32), np.diff(bounds))
    community_of = np.concatenate([np.zeros(hubs, np.uint32), community_of])
    stubs_before = np.concatenate([[0], np.cumsum(receives)])
    return People(tokens, hubs, _stubs(sends), _stubs(receives), community_of, stubs_before[bounds])


def _activity(accounts: int, random: np.random.Generator) -> np.ndarray:
    even = 1 - random.random(accounts)  # over 0
    return np.minimum(even ** (-1 / EXPONENT), MOST_ACTIVE).astype(np.int64)


def _stubs(activity: np.ndarray) -> np.ndarray:
    return np.repeat(np.arange(len(activity), dtype=np.uint32), activity)


def _communities(accounts: int, hubs: int, random: np.random.Generator) -> np.ndarray:
    """Where each community begins, and after them the end. Sizes are heavy-tailed."""
    most = (accounts - hubs) // SMALLEST_COMMUNITY + 1
    sizes = np.minimum(SMALLEST_COMMUNITY * (1 - random.random(most)) ** -1.0, LARGEST_COMMUNITY).astype(np.int64)
    bounds = hubs + np.concatenate([[0], np.cumsum(sizes)])
    bounds = bounds[bounds < accounts - SMALLEST_COMMUNITY]
    return np.append(bounds, accounts)

"""The sender: takes what is due from the outbox and posts it, until nothing is due or its time is used up."""

import os
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.errors import CleanroomError, Fault
from portal.alerts import endpoints, outbox, transport, webhook_key
from portal.alerts.models import WarningRecord
from portal.alerts.states import Delivery

ROUND = 8  # posts at once; small, so that an emergency stop takes hold within one round
BUDGET_SECONDS = 30.0  # of one call; the next wake goes on


@dataclass(frozen=True)
class Post:
    """One request, complete before any thread starts: threads touch no database."""

    row: WarningRecord
    url: str
    body: bytes
    headers: dict[str, str]


def deliver_due(
    *, owner: str | None = None, lease_seconds: float = outbox.LEASE_SECONDS, budget_seconds: float = BUDGET_SECONDS
) -> Counter[Delivery]:
    """Send what is due. Returns how many warnings this call left in which state. KeyRefused without a webhook key."""
    owner = owner or f"{socket.gethostname()}:{os.getpid()}"[:64]
    key = webhook_key.read(settings.HOME / "keys")
    ends, done = time.monotonic() + budget_seconds, Counter()
    while time.monotonic() < ends:
        rows = outbox.claim(owner=owner, now=timezone.now(), limit=ROUND, lease_seconds=lease_seconds)
        if not rows:
            break
        done.update(_send_round(rows, key, owner=owner))
    return done


def _send_round(rows: list[WarningRecord], key: webhook_key.WebhookKey, *, owner: str) -> Iterator[Delivery]:
    urls = endpoints.urls_of({row.participant_id for row in rows})
    posts = [_post_for(r, urls[r.participant_id], key, timezone.now()) for r in rows if r.participant_id in urls]
    with ThreadPoolExecutor(max_workers=ROUND) as pool:
        running: dict[Future, Post] = {pool.submit(_send, post): post for post in posts}
        for future in as_completed(running):
            yield _record(running[future], future.result(), owner=owner)


def _post_for(row: WarningRecord, url: str, key: webhook_key.WebhookKey, now: datetime) -> Post:
    body = canonical_bytes(row.message)
    headers = key.headers(message_id=row.warning_id, timestamp=int(now.timestamp()), body=body)
    return Post(
        row=row,
        url=url,
        body=body,
        headers={"content-type": "application/json", "user-agent": "financial-clean-room-portal/1", **headers},
    )


def _send(post: Post) -> outbox.Outcome:
    started = time.monotonic()
    try:
        answer = transport.post(post.url, body=post.body, headers=post.headers, allow_private=not settings.PRODUCTION)
        return outbox.Outcome(time.monotonic() - started, answer=answer)
    except CleanroomError as e:
        # A refusal (a private address) is a decision: the same attempt would be refused again.
        return outbox.Outcome(time.monotonic() - started, error=e.sentence, final=not isinstance(e, Fault))


def _record(post: Post, outcome: outbox.Outcome, *, owner: str) -> Delivery:
    now = timezone.now()
    if outcome.gone:
        reason = "the endpoint answered 410 Gone"
        endpoints.disable(post.row.participant_id, reason=reason, now=now, by=post.row.sent_by)
    return outbox.mark(post.row.pk, outcome, owner=owner, now=now)

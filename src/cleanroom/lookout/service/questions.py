"""What can be asked, as JSON bodies. Types are strict, and a field that nobody knows is refused."""

from datetime import datetime, timedelta
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from cleanroom.errors import RequestInvalid, Where
from cleanroom.lookout.service import forms
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.moneyflow.rules import MOST_LAYERS, Direction, WalkRule

MOST_ACCOUNTS_ASKED = 1000
MOST_LINKED = 10_000  # accounts of one identifier that may link

Token = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", description="token of an account: 32 hex digits")]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339, with its zone")]
Above0 = Annotated[int, Meta(ge=1, lt=2**53)]
Q = TypeVar("Q")


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """What a walk may do. `max_delay_s`: most seconds between two transfers that follow each other. `hub_limit`: an
    account with more transfers in the window is reached, not passed. `keep_latest`: of each account's transfers only
    so many, the latest. `after`, `before`: the window, both ends excluded."""

    layers: Annotated[int, Meta(ge=1, le=MOST_LAYERS)] = MOST_LAYERS
    direction: Direction = Direction.FORWARD
    in_time: bool = True
    max_delay_s: Annotated[float, Meta(gt=0, lt=1e9)] | None = None
    hub_limit: Above0 | None = None
    keep_latest: Above0 | None = None
    after: Moment | None = None
    before: Moment | None = None

    def as_walk(self) -> WalkRule:
        """Raises RequestInvalid where the rule can't be meant."""
        delay = None if self.max_delay_s is None else timedelta(seconds=self.max_delay_s)
        try:
            return WalkRule(
                layers=self.layers,
                direction=self.direction,
                in_time=self.in_time,
                max_delay=delay,
                hub_limit=self.hub_limit,
                keep_latest=self.keep_latest,
                after=self.after,
                before=self.before,
            )
        except ValueError as e:
            raise RequestInvalid(str(e), zh=_RULE_ZH, rule="walk_rule") from None


class Bounds(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a walk is cut: accounts reached, transfers looked at, seconds. Absent: the service's own."""

    accounts: Above0 | None = None
    transfers: Above0 | None = None
    seconds: Annotated[float, Meta(gt=0)] | None = None

    def within(self, settings: LookoutSettings) -> "Bounds":
        """All three, none above the service's ceiling: what is more is lowered, and the answer says so."""
        return Bounds(
            accounts=min(self.accounts or settings.accounts, settings.most_accounts),
            transfers=min(self.transfers or settings.transfers, settings.most_transfers),
            seconds=min(self.seconds or settings.seconds, settings.most_seconds),
        )


class ExpandQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """`begins`: the first transfer is strictly after it (backward: before it); absent: anywhere in the window.
    `paths`: with each arrival, all transfers that explain it. `link_limit`: walks may also step to an account that
    shares a holder, phone, device or platform account, where that has at most so many accounts; a layer each, in order
    of time only; absent: by transfers alone. Forward, such a question needs `begins`."""

    account: Token
    rule: Rule = Rule()
    begins: Moment | None = None
    bounds: Bounds = Bounds()
    paths: bool = False
    link_limit: Annotated[int, Meta(ge=2, le=MOST_LINKED)] | None = None


class TraceQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """Is there a walk from `account` to `target`, and which?"""

    account: Token
    target: Token
    rule: Rule = Rule()
    begins: Moment | None = None
    bounds: Bounds = Bounds()


class VerdictQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """Are these payees downstream of any watch-listed account, and by how much tainted money?"""

    accounts: Annotated[list[Token], Meta(min_length=1, max_length=MOST_ACCOUNTS_ASKED)]


class RiskQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one account."""

    account: Token


class TransferRow(Struct, frozen=True, forbid_unknown_fields=True):
    """A transfer as JSON; Arrow and Parquet have columns of the same names."""

    transfer_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    executed_at: Moment
    sender_account_token: Token
    receiver_account_token: Token
    amount_cents: Annotated[int, Meta(ge=1, lt=2**53)]


class TransfersQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    transfers: Annotated[list[TransferRow], Meta(min_length=1, max_length=100_000)]


def rule_of(walk: WalkRule) -> Rule:
    """The inverse of `as_walk`."""
    return Rule(
        layers=walk.layers,
        direction=walk.direction,
        in_time=walk.in_time,
        max_delay_s=walk.max_delay.total_seconds() if walk.max_delay is not None else None,
        hub_limit=walk.hub_limit,
        keep_latest=walk.keep_latest,
        after=walk.after,
        before=walk.before,
    )


# `moneyflow.rules` is arithmetic and speaks English alone; here a person asked.
_RULE_ZH = "追查規則無法成立：層數須在範圍內，時間窗之終須晚於其始，停留時限須依時序且大於零，筆數上限至少為 1"


def parse(kind: type[Q], body: bytes) -> Q:
    """Raises RequestInvalid that names the field and what it must be, never what it was."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as e:
        where = Where(column=forms.place_of(str(e)))
        said = forms.sentence_of(str(e))
        raise RequestInvalid(said.en, zh=said.zh_hant, where=where, rule="question_form") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RequestInvalid("the body is not JSON", zh="請求內容非 JSON", rule="question_form") from None

"""What coming rows are compared with: rows that landed before. Asked in SQL, inside the transaction that lands them.

Two questions. Does somebody claim an account that another participant keeps? And does a submission suddenly name many
accounts of other institutions that nobody has named before? The second is how a dictionary would be tried through the
room: whoever holds the first-hash key can hash every possible account number, send them as transfers, and watch which
of them come back in warnings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from cleanroom.contracts.messages import RuleResult
from cleanroom.contracts.specification import DatasetContract, Field, load_specification
from cleanroom.errors import NotTheOwner, Where
from cleanroom.vocabulary.terms import Dataset, IdentifierKind

Ask = Callable[..., pa.Table]
"""`ask(sql, parameters)`; `incoming.rows` are the rows that are about to land."""

NEVER_SEEN = "never_seen_identifiers"
NEVER_SEEN_FLOOR = 10_000  # accounts; below it no dictionary is worth trying
NEVER_SEEN_TIMES = 5  # as large a share as the participant ever showed
NEVER_SEEN_USUAL = 0.1  # the share that is taken for usual while none was measured
NEVER_SEEN_MOST = 0.9  # however much was usual before: nearly nothing but strangers is no month's business

_KEPT_ELSEWHERE = {
    Dataset.ACCOUNTS: ("account", "true"),
    Dataset.LIST_EVENTS: ("subject", f"incoming.subject_kind = '{IdentifierKind.ACCOUNT}'"),
}


@dataclass(frozen=True)
class Strangers:
    """Accounts of other institutions that a submission names, and how many of them nobody named before."""

    accounts: int
    never_seen: int

    @property
    def share(self) -> float:
        return self.never_seen / self.accounts if self.accounts else 0.0


def check_not_kept_elsewhere(ask: Ask, dataset: Dataset, *, participant: str) -> None:
    """Nobody keeps, or lists as its own, an account for which another participant issued the handle."""
    if dataset not in _KEPT_ELSEWHERE:
        return
    column, where = _KEPT_ELSEWHERE[dataset]
    sql = (
        "select count(*) as n from incoming.rows inner join"  # noqa: S608 - names stand above
        " (select distinct account_token from routing.handles where participant <> ?) as kept"
        f" on kept.account_token = incoming.{column}_token where {where}"
    )
    taken = ask(sql, [participant])["n"][0].as_py()
    if taken:
        raise NotTheOwner(
            f"{taken} rows claim accounts that another participant keeps",
            zh=f"{taken} 列所稱帳戶屬其他參與機構",
            where=Where(column=column),
            rule="kept_elsewhere",
        )


def strangers_of(ask: Ask, contract: DatasetContract, *, participant: str, submission_id: str) -> Strangers | None:
    """None for datasets that name no accounts of other institutions."""
    mine = _others_accounts(contract)
    if not mine:
        return None
    sql = f"""
        with mine as ({mine}),
        seen as (
            select distinct mine.token from mine
            inner join ({_known_accounts()}) as known on known.token = mine.token
        )
        select (select count(*) from mine) as accounts, (select count(*) from seen) as seen
    """  # noqa: S608 - names come from the specification
    found = ask(sql, [participant] * mine.count("?") + [submission_id] * _known_accounts().count("?")).to_pylist()[0]
    return Strangers(found["accounts"], found["accounts"] - found["seen"])


def judge_strangers(now: Strangers, before: Sequence[Strangers], contract: DatasetContract) -> RuleResult:
    """`before`: as measured for earlier submissions of this participant and dataset."""
    usual = max((earlier.share for earlier in before), default=NEVER_SEEN_USUAL)
    most = min(NEVER_SEEN_TIMES * usual, NEVER_SEEN_MOST)
    passed = now.never_seen <= NEVER_SEEN_FLOOR or now.share <= most
    return RuleResult(
        rule=NEVER_SEEN,
        column=next(spec.name for spec in contract.fields if spec.institution_column),
        severity="fail",
        passed=passed,
        failed_rows=0 if passed else now.never_seen,
    )


def measured(now: Strangers | None) -> Mapping[str, int]:
    """What the ledger keeps of it."""
    return {"others_accounts": now.accounts, "never_seen_accounts": now.never_seen} if now else {}


def _others_accounts(contract: DatasetContract) -> str:
    """Distinct account tokens of other institutions in the coming rows; one `?`, the participant, for each column."""
    parts = [
        f"select {spec.name}_token as token from incoming.rows where {spec.institution_column} <> ?"  # noqa: S608
        f"{_if_account(spec)}"
        for spec in contract.fields
        if spec.institution_column
    ]
    return " union distinct ".join(parts)


def _known_accounts() -> str:
    """Every account token that landed under another submission; one `?`, the submission, for each column."""
    parts = [
        f"select {spec.name}_token as token from landing.{dataset} where submission_id <> ?{_if_account(spec)}"  # noqa: S608
        for dataset, contract in load_specification().datasets.items()
        for spec in contract.fields
        if _may_be_account(spec)
    ]
    return " union all ".join(parts)


def _may_be_account(spec: Field) -> bool:
    kinds = (spec.identifier, *spec.identifier_kinds.values())
    return IdentifierKind.ACCOUNT in kinds or bool(spec.institution_column)


def _if_account(spec: Field) -> str:
    if spec.identifier_kind_column is None:
        return ""
    return f" and {spec.identifier_kind_column} = '{IdentifierKind.ACCOUNT}'"

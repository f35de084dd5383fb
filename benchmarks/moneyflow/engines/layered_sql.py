"""The layers in SQL that DuckDB and PostgreSQL both read: tables `transfers` and `hubs` with dense integers."""

from benchmarks.moneyflow.cases import RULES, Case
from cleanroom.moneyflow.rules import WalkRule


def next_layer(before: str, *, per: str = "") -> str:
    """First arrivals one layer on: `at_us` and `via` (the transfer's number) ascend together, so each has its least."""
    own, key = (f"f.{per}, ", f"f.{per}, ") if per else ("", "")
    return (
        f"select {own}t.receiver as account, min(t.at_us) as at_us, min(t.number) as via "
        f"from {before} as f join transfers as t on t.sender = f.account and t.at_us > f.at_us "
        f"group by {key}t.receiver"
    )


def unprepared_layer(before: str) -> str:
    """The same on transfers as they were drawn."""
    return (
        f"select t.receiver_account_token as token, min(t.executed_at) as at "
        f"from {before} as f join drawn as t on t.sender_account_token = f.token and t.executed_at > f.at group by 1"
    )


def one_account(case: Case, start: str = "$start", begins: str = "$begins") -> str:
    """One statement for all layers of one account: rows of (layer, account, at_us, via)."""
    rule = RULES[case]
    first = f"from transfers where sender = {start} and at_us > {begins}"
    if rule.max_delay is None:
        first = f"select min(number) as number, receiver, min(at_us) as at_us {first} group by receiver"
    else:
        first = f"select number, receiver, at_us {first}"
    steps = [f"step_1 as ({first})"]
    steps += [f"step_{k} as ({_step(rule, f'step_{k - 1}')})" for k in range(2, rule.layers + 1)]
    answers = (
        f"select {k} as layer, receiver as account, min(at_us) as at_us, min(number) as via from step_{k} group by 2"
        for k in range(1, rule.layers + 1)
    )
    if rule.max_delay is None:
        answers = (f"select {k}, receiver, at_us, number from step_{k}" for k in range(1, rule.layers + 1))
    return f"with {', '.join(steps)} {' union all '.join(answers)}"


def _step(rule: WalkRule, before: str) -> str:
    """With a delay every transfer that goes on from one before counts; without it the first to each account does."""
    if rule.max_delay is None:
        return (
            f"select min(t.number) as number, t.receiver, min(t.at_us) as at_us from {before} as f "
            "join transfers as t on t.sender = f.receiver and t.at_us > f.at_us group by t.receiver"
        )
    delay_us = int(rule.max_delay.total_seconds() * 1_000_000)
    return (
        f"select distinct t.number, t.receiver, t.at_us from {before} as f "
        "join transfers as t on t.sender = f.receiver "
        f"and t.at_us > f.at_us and t.at_us <= f.at_us + {delay_us} "
        "where not exists (select 1 from hubs as h where h.account = f.receiver)"
    )

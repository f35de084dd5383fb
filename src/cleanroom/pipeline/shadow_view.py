"""What the shadow has shown so far, in counts alone: days, whom it would have had noticed, how many were listed since.

A listing comes late, so each share is a lower bound that grows; the released model's warnings are counted alike.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cleanroom.evaluation.detection import wilson
from cleanroom.governance.policy import Policy, load_policy
from cleanroom.pipeline.dispatch import SENT
from cleanroom.pipeline.room_evidence import SCORE_RUNS
from cleanroom.pipeline.shadow import NOTICES

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

SHADOW_DAYS = "shadow_days"  # the policy's figure
# An account counts from its first notice on, whatever name the model had then.
_COUNTED = """
with firsts as (select {group} as run_by, account_token, min(as_of) as named_at from {table} {where}
  group by {group}, account_token)
select firsts.run_by, count(*) as noticed, min(firsts.named_at) as first_at, max(firsts.named_at) as last_at,
  count(case when listed.listed_at >= firsts.named_at then 1 end) as listed_since
from firsts left join moneyflow.int_list_events__watch_listed as listed on listed.account_token = firsts.account_token
group by firsts.run_by
"""
_RUNS = f"""
select artefact, count(distinct cast(as_of as date)) as days, min(as_of) as first_at, max(as_of) as last_at
from {SCORE_RUNS} where mode = 'shadow' group by artefact order by max(as_of) desc, artefact
"""
_NAMES = f"select artefact, release_id from {SCORE_RUNS} where mode = 'shadow' order by scored_at"
_LAST_SENT = f"select release_id from {SENT} where kind = 'mule' order by recorded_at desc limit 1"


@dataclass(frozen=True)
class Counted:
    """`noticed`: accounts; `listed_since`: of them, watch-listed at or after their first notice. `precision`: their
    share with its 95 % Wilson `interval`; None where nobody was noticed. `days`: of data in the shadow; None for the
    released model, whose warnings were sent."""

    release_id: str
    days: int | None
    first_at: datetime
    last_at: datetime
    noticed: int
    listed_since: int

    @property
    def precision(self) -> float | None:
        return self.listed_since / self.noticed if self.noticed else None

    @property
    def interval(self) -> tuple[float, float] | None:
        found = wilson(self.listed_since, self.noticed)
        return (round(found[0], 6), round(found[1], 6)) if found else None

    def as_dict(self) -> dict[str, Any]:
        times = {"first_at": self.first_at.isoformat(), "last_at": self.last_at.isoformat()}
        return asdict(self) | times | {"precision": self.precision, "interval": self.interval}


@dataclass(frozen=True)
class View:
    """`in_shadow`: the model that ran last first. `released`: that which sent the last warnings. `needed_days`: what
    the policy asks for before a release; None where it asks for none."""

    in_shadow: tuple[Counted, ...]
    released: Counted | None
    needed_days: float | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "in_shadow": [c.as_dict() for c in self.in_shadow],
            "released": self.released and self.released.as_dict(),
            "needed_days": self.needed_days,
        }


def view(room: "Room") -> View:
    """Raises PolicyInvalid, WarehouseFault. Where nothing ran in the shadow, `in_shadow` is empty."""
    return View(_in_shadow(room), _released(room), _needed(load_policy(room.settings.policy_file)))


def _in_shadow(room: "Room") -> tuple[Counted, ...]:
    if not room.warehouse.table_exists(SCORE_RUNS):
        return ()
    names = {r["artefact"]: r["release_id"] for r in room.warehouse.query(_NAMES).to_pylist()}
    noticed = _counted(room, NOTICES, group="artefact")
    return tuple(
        Counted(
            names[run["artefact"]],
            run["days"],
            run["first_at"],
            run["last_at"],
            noticed.get(run["artefact"], {}).get("noticed", 0),
            noticed.get(run["artefact"], {}).get("listed_since", 0),
        )
        for run in room.warehouse.query(_RUNS).to_pylist()
    )


def _released(room: "Room") -> Counted | None:
    sent = _counted(room, SENT, group="release_id", where="where kind = 'mule'")
    if not sent:
        return None
    name = room.warehouse.query(_LAST_SENT)["release_id"][0].as_py()
    row = sent[name]
    return Counted(name, None, row["first_at"], row["last_at"], row["noticed"], row["listed_since"])


def _counted(room: "Room", table: str, *, group: str, where: str = "") -> dict[str, dict[str, Any]]:
    if not room.warehouse.table_exists(table):
        return {}
    rows = room.warehouse.query(_COUNTED.format(group=group, table=table, where=where)).to_pylist()
    return {row["run_by"]: row for row in rows}


def _needed(policy: Policy) -> float | None:
    limits = [m.limit for c in policy.controls for m in c.metrics if m.name == SHADOW_DAYS]
    return limits[0] if limits else None

"""An AMLSim data set in the form of the data specification: one institution that keeps every account.

Frauds up to the cut step are watch-listed on their day; those after it are the truth. A fraud without a step is
neither: nobody can say whether it was known. A step is a day, as in the simulator; what AMLSim does not have (age of an
account, holder, channel) is the same for all, so nothing is learned from it.
"""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from cleanroom.crypto.identifiers import canonical
from cleanroom.synthetic.identities import national_id

INSTITUTION = "999"
_FIRST = datetime(2025, 1, 1, 12, tzinfo=timezone(timedelta(hours=8)))
_FORM = {"format": "csv", "encoding": "utf-8", "calendar": "gregorian", "timezone": "Asia/Taipei"}
_TRANSFERS = "txn_id,clearing_ref,executed_at,sender_institution,sender_account,receiver_institution,receiver_account,\
amount_twd,channel,preregistered,reversed"
_ACCOUNTS = "account,holder_id_kind,holder_id,opened_on,kind,status"
_LISTINGS = (
    "subject_kind,subject,list,event,occurred_at,agency,legal_reason,case_no,reported_loss_twd,layer,parent_case"
)


@dataclass(frozen=True)
class Node:
    number: int
    fraud: bool
    step: int | None


@dataclass(frozen=True)
class Written:
    """`undecided`: canonical accounts of frauds without a step."""

    folder: Path
    truth: Path
    undecided: list[str]
    days: int


def write(source: Path, target: Path, *, cut: int) -> Written:
    """`source` holds nodes.csv.gz and transactions.csv.gz. Frauds of step `cut` or before are listed."""
    nodes, moved = list(_nodes(source)), list(_moves(source))
    own, truth = target / "data" / INSTITUTION, target / "truth.csv"
    own.mkdir(parents=True)
    days = max(step for *_, step in moved)
    _write(own / "transfers.csv", _TRANSFERS, (_transfer(n, *move) for n, move in enumerate(moved)))
    _write(own / "accounts.csv", _ACCOUNTS, (_account(node.number) for node in nodes))
    frauds = [node for node in nodes if node.fraud]
    dated = [node for node in frauds if node.step is not None]
    _write(own / "list_events.csv", _LISTINGS, (_listing(node) for node in dated if node.step <= cut))
    (own / "institution.json").write_text(json.dumps(_declaration(days)))
    later = ([INSTITUTION, _number(node.number), node.number, "fan_in"] for node in dated if node.step > cut)
    _write(truth, "institution,account,pattern,typology", later)
    return Written(target / "data", truth, [_canonical(n.number) for n in frauds if n.step is None], days)


def _nodes(source: Path) -> Iterator[Node]:
    for row in _rows(source / "nodes.csv.gz"):
        step = int(row["fraudStep"])
        yield Node(int(row["nodeid"]), row["isFraud"] == "1", step if step >= 0 else None)


def _moves(source: Path) -> Iterator[tuple[int, int, str, int]]:
    for row in _rows(source / "transactions.csv.gz"):
        yield int(row["sourceNodeId"]), int(row["targetNodeId"]), row["value"], int(row["time"])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _write(path: Path, head: str, rows: Iterable[list]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head.split(","), *rows])


def _moment(step: int) -> str:
    return (_FIRST + timedelta(days=step)).isoformat()


def _number(node: int) -> str:
    return f"{node + 1:012d}"


def _canonical(node: int) -> str:
    return canonical("account", _number(node), institution=INSTITUTION)


def _transfer(number: int, sender: int, receiver: int, value: str, step: int) -> list:
    return [f"{INSTITUTION}-{number:09d}", "", _moment(step), INSTITUTION, _number(sender), INSTITUTION,
            _number(receiver), f"{float(value):.2f}", "online", "false", "false"]  # fmt: skip


def _account(node: int) -> list:
    return [_number(node), "national_id", national_id(node, 1), date(2020, 1, 1), "personal", "active"]


def _listing(node: Node) -> list:
    return ["account", _number(node.number), "watch_listed", "listed", _moment(node.step), "police", "fraud",
            f"case-{node.number}", "", "1", ""]  # fmt: skip


def _declaration(days: int) -> dict:
    last = (_FIRST + timedelta(days=days)).date()
    return {
        "institution": INSTITUTION,
        "sector": "bank",
        "specification_version": 1,
        "period": {"from": str(_FIRST.date()), "to": str(last)},
        "files": dict.fromkeys(("transfers", "accounts", "list_events"), _FORM),
    }

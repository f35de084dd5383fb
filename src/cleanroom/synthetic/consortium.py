"""A made-up consortium, the same for the same seed: three institutions that keep accounts, a telecom and a platform.

    <folder>/<code>/            the institution's files and institution.json, in the data specification's form
    <folder>/truth/             the mules' accounts and their transfers: for evaluation only, never an input
    <folder>/consortium.json    who is in it and what was made, so that counts can be checked

Nothing here comes from a real ledger, and no number of it describes a real institution.
"""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cleanroom.errors import NotAllowed
from cleanroom.synthetic import cross_industry as cross
from cleanroom.synthetic import files, legs, listings
from cleanroom.synthetic.cases import Case, make_cases
from cleanroom.synthetic.flows import CHANNELS, Flows, ordinary
from cleanroom.synthetic.people import Population, populate
from cleanroom.synthetic.sizes import INSTITUTIONS, KEEPERS, Institution, moment, size_named
from cleanroom.vocabulary.terms import Dataset, Encoding

MARKER = "consortium.json"
_WORKING = ".making"


@dataclass(frozen=True)
class Member:
    code: str
    name: str
    name_zh: str
    sector: str


@dataclass(frozen=True)
class Consortium:
    """`counts`: transfers (distinct), rows (all legs), watch_listed, cases, accounts, and the legs' blemishes."""

    folder: Path
    seed: int
    size: str
    members: tuple[Member, ...]
    counts: dict[str, int]


def write(folder: Path, *, seed: int, size: str) -> Consortium:
    """Make the consortium in `folder`. The same seed and size again: nothing is done.

    Raises NotAllowed where the folder holds anything else, SettingsInvalid for an unknown size.
    """
    found = _already_there(folder, seed, size)
    if found:
        return found
    working = folder.with_name(folder.name + _WORKING)
    shutil.rmtree(working, ignore_errors=True)  # a try that was killed
    working.mkdir(parents=True)
    counts = _make(working, np.random.default_rng(seed), size)
    members = [asdict(m) for m in _members()]
    marker = {"seed": seed, "size": size, "members": members, "counts": counts}
    files.write_text(working / MARKER, json.dumps(marker, ensure_ascii=False, indent=1) + "\n")
    if folder.is_dir():
        folder.rmdir()  # empty, as checked
    os.replace(working, folder)
    return Consortium(folder, seed, size, _members(), counts)


def _already_there(folder: Path, seed: int, size: str) -> Consortium | None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    marker = folder / MARKER
    about = json.loads(marker.read_text(encoding="utf-8")) if marker.is_file() else {}
    if (about.get("seed"), about.get("size")) != (seed, size):
        raise NotAllowed(
            f"{folder} holds something else; name an empty folder for the made-up consortium",
            zh=f"{folder} 內有其他內容；請指定空資料夾以存放虛構資料",
        )
    return Consortium(folder, seed, size, _members(), about["counts"])


def _members() -> tuple[Member, ...]:
    return tuple(Member(i.code, i.name, i.name_zh, str(i.sector)) for i in INSTITUTIONS)


def _make(folder: Path, rng: np.random.Generator, size_name: str) -> dict[str, int]:
    size = size_named(size_name)
    people = populate(rng, size)
    cases = make_cases(rng, people, size)
    everyday = ordinary(rng, people, size.transfers)
    flows = everyday.with_(_flows_of(rng, people, cases))
    events = listings.events_of(rng, people, cases, flows)
    flows = listings.stopped(flows, events, people).in_time_order()
    blemishes = legs.blemish(rng, flows, people)
    books = legs.booked(flows, people, blemishes)
    _write_institutions(folder, people, books, events, _others(rng, people, cases, size))
    watch_listed = {e.account: e.at for e in events if (e.list, e.event) == ("watch_listed", "listed")}
    _write_truth(folder, people, cases, flows, _numbers(flows, people, books), watch_listed)
    return {
        "transfers": len(flows),
        "rows": sum(len(rows) for rows in books.values()),
        "accounts": people.owned,
        "watch_listed": len(watch_listed),
        "cases": len(cases),
        **blemishes.counts(),
    }


def _flows_of(rng: np.random.Generator, people: Population, cases: list[Case]) -> Flows:
    """The cases' transfers that some institution of the consortium can see."""
    moves = [(m, c.number) for c in cases for m in (*c.payments, *c.moves)]
    seen = [(m, n) for m, n in moves if m.sender < people.owned or m.receiver < people.owned]
    count = len(seen)
    return Flows(
        sender=np.array([m.sender for m, _ in seen], dtype=np.int64),
        receiver=np.array([m.receiver for m, _ in seen], dtype=np.int64),
        at=np.array([m.at for m, _ in seen], dtype=np.int64),
        amount_cents=np.array([m.amount_cents for m, _ in seen], dtype=np.int64),
        channel=rng.choice(len(CHANNELS), p=[0.25, 0.25, 0.42, 0.05, 0.02, 0.01], size=count),
        preregistered=rng.random(count) < 0.2,
        reversed=np.zeros(count, dtype=bool),
        case=np.array([n for _, n in seen], dtype=np.int64),
    )


def _others(rng: np.random.Generator, people: Population, cases: list[Case], size) -> dict[str, dict]:
    """Institution code -> dataset -> rows, for everything but transfers, accounts and list events."""
    world = cross.make_world(rng, people, cases)
    telecom = {
        Dataset.CROSS_INDUSTRY_LIST: cross.telecom_list(rng, cases, world),
        Dataset.HOLDINGS: cross.telecom_holdings(rng, people, world),
        Dataset.CONTACTS: cross.contacts(rng, people, cases, world, size),
    }
    platform = {
        Dataset.CROSS_INDUSTRY_LIST: cross.platform_list(rng, people, cases, world),
        Dataset.HOLDINGS: cross.platform_holdings(rng, people, world),
    }
    banks = cross.bank_holdings(rng, people, cases, world)
    return {
        cross.TELECOM: telecom,
        cross.PLATFORM: platform,
        **{code: {Dataset.HOLDINGS: rows} for code, rows in banks.items()},
    }


def _write_institutions(folder: Path, people: Population, books: dict, events: list, others: dict[str, dict]) -> None:
    statuses = _statuses(people, events)
    keepers = {i.code for i in KEEPERS}
    for institution in INSTITUTIONS:
        datasets = {}
        if institution.code in keepers:
            datasets = {
                Dataset.TRANSFERS: books[institution.code],
                Dataset.ACCOUNTS: _accounts(people, institution.code, statuses),
                Dataset.LIST_EVENTS: [
                    _event(people, e, institution) for e in events if e.institution == institution.code
                ],
            }
        files.write_institution(folder, institution, datasets | others.get(institution.code, {}))


def _statuses(people: Population, events: list) -> np.ndarray:
    """At the end of the period."""
    status = np.full(people.owned, "active", dtype="<U12")
    for event in events:  # in order of time
        if event.account is not None and event.list in ("watch_listed", "derived"):
            on = "watch_listed" if event.list == "watch_listed" else "restricted"
            status[event.account] = on if event.event == "listed" else "active"
    return status


def _accounts(people: Population, code: str, statuses: np.ndarray) -> list[dict]:
    return [
        {
            "account": str(people.number[a]),
            "holder_id_kind": "business_no" if people.holder_is_business[people.holder[a]] else "national_id",
            "holder_id": str(people.holder_id[people.holder[a]]),
            "opened_on": people.opened_on[a].astype("datetime64[D]").item(),
            "kind": str(people.kind[a]),
            "status": str(statuses[a]),
        }
        for a in np.flatnonzero(people.institution[: people.owned] == code)
    ]


def _event(people: Population, event: listings.Event, institution: Institution) -> dict:
    person = event.account is None
    return {
        "subject_kind": "person" if person else "account",
        "subject": str(people.holder_id[event.holder] if person else people.number[event.account]),
        "list": event.list,
        "event": event.event,
        "occurred_at": moment(event.at),
        "agency": event.agency,
        "legal_reason": listings.IN_CHINESE[event.legal_reason]
        if institution.encoding == Encoding.CP950
        else event.legal_reason,
        "case_no": event.case_no,
        "reported_loss_twd": None if event.loss_cents is None else f"{event.loss_cents / 100:.2f}",
        "layer": event.layer,
        "parent_case": event.parent_case,
    }


def _numbers(flows: Flows, people: Population, books: dict[str, list[dict]]) -> list[str]:
    """What a transfer can be found by: its clearing reference, else the number in its institution's book."""
    booked = {row["transfer"]: row["txn_id"] for rows in books.values() for row in rows}
    return [ref or booked[i] for i, ref in enumerate(legs.clearing_refs(flows, people))]


def _write_truth(
    folder: Path, people: Population, cases: list[Case], flows: Flows, numbers: list[str], watch_listed: dict[int, int]
) -> None:
    target = folder / "truth"
    target.mkdir()
    files.write_csv(target / "accounts.csv", [r for c in cases for r in _truth_accounts(people, c, watch_listed)])
    typology = {c.number: c.typology for c in cases}
    rows = [
        {
            "clearing_or_txn": numbers[i],
            "executed_at": moment(flows.at[i]).isoformat(),
            "sender_institution": people.institution[flows.sender[i]],
            "sender_account": people.number[flows.sender[i]],
            "receiver_institution": people.institution[flows.receiver[i]],
            "receiver_account": people.number[flows.receiver[i]],
            "amount_twd": f"{flows.amount_cents[i] / 100:.2f}",
            "pattern": flows.case[i],
            "typology": typology[int(flows.case[i])],
        }
        for i in np.flatnonzero(flows.case >= 0)
    ]
    files.write_csv(target / "transfers.csv", rows)


def _truth_accounts(people: Population, case: Case, watch_listed: dict[int, int]) -> list[dict]:
    """Mules at the consortium's institutions; those elsewhere cannot be seen, so nobody is asked to find them."""
    return [
        {
            "institution": people.institution[a],
            "account": people.number[a],
            "pattern": case.number,
            "typology": case.typology,
            "watch_listed_at": moment(watch_listed[a]).isoformat() if a in watch_listed else None,
        }
        for a in case.mules
        if a < people.owned
    ]

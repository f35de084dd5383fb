"""The evaluation station: what joint analysis blocks beyond each bank alone, and how good the warnings were.

Known truth, where there is one, comes in as final tokens. Only who holds both hash keys can make those, and no party
of a real programme does: `tokens_of_truth` is for rehearsals and back-tests, which play every party (docs/adr/0042).
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cleanroom.crypto.identifiers import canonical
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.errors import MalformedRows, Where
from cleanroom.evaluation.assumptions import assumptions
from cleanroom.evaluation.body import blocked_body
from cleanroom.evaluation.detection import Truth, by_capacity, by_typology, detect
from cleanroom.evaluation.ledger import Ledger, Listing, ledger_from, listings_from, select_institutions
from cleanroom.evaluation.outcome import answer, sensitivity
from cleanroom.evaluation.reach import Start, nearest_layers
from cleanroom.evaluation.rules import DAY_US, EvaluationRules
from cleanroom.evaluation.scenarios import Case, prepare
from cleanroom.evaluation.tally import UNKNOWN
from cleanroom.evaluation.timing import held_cents, notice_to_control
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.dispatch import SENT, ensure_sent_table
from cleanroom.pipeline.publish import publish
from cleanroom.pipeline.shadow import judge_shadow
from cleanroom.pipeline.steps import StepResult
from cleanroom.scoring.scores import SCORES
from cleanroom.scoring.scores import TABLE as SCORES_TABLE
from cleanroom.stores.ports import Warehouse
from cleanroom.vocabulary.terms import IdentifierKind, Scenario, WarningKind

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

SELECTION = ("marts.evaluation",)
_OWNERS = "select distinct institution from moneyflow.int_accounts__known where owned order by institution"
_RANKED = "select account_token, place, baseline_place, as_of from evaluation.ranked_accounts order by place"
TRUTH_COLUMNS = ("institution", "account", "pattern", "typology")
_LISTED = "select account_token from evaluation.reported_losses"


def evaluate(room: "Room", *, run_id: str = "", truth_tokens: Truth | None = None) -> StepResult:
    """Answer the programme's question from what is in the warehouse and at the portal, and publish it.

    `truth_tokens`: account token -> its patterns; None where the truth is not known, then precision and recall are
    None. Publishes `blocked`, `detection` and, where a model ran in the shadow, `shadow`. Raises DataTestsFailed,
    WarehouseFault, PortalFault.
    """
    _ensure_inputs(room.warehouse)
    run_dbt(room, "build", SELECTION, options=("--exclude-resource-type", "unit_test"))
    rules = EvaluationRules(notice_delay_hours=room.settings.notice_delay_hours)
    case = read_case(room.warehouse, rules)
    blocked = blocked_result(case, rules, truth_tokens)
    detection = _detection(room, rules, truth_tokens)
    if truth_tokens:
        detection["reach"] = reach_summary(pattern_reach(case.ledger, case.listings, truth_tokens, rules))
    publish(room, "blocked", blocked, run_id=run_id)
    publish(room, "detection", detection, run_id=run_id)
    if (in_shadow := judge_shadow(room, case, rules, truth_tokens)) is not None:
        publish(room, "shadow", in_shadow, run_id=run_id)
    return StepResult(rows=len(case.ledger), detail=_detail(blocked, detection))


def blocked_result(case: Case, rules: EvaluationRules, truth: Truth | None) -> dict[str, Any]:
    """The body of `blocked`: the answer, how much it rests on the rules, and every assumption."""
    body = blocked_body(answer(case, rules, truth=truth), rules, truth=truth)
    return body | {"sensitivity": sensitivity(case, rules, truth=truth), "assumptions": assumptions(rules)}


def _ensure_inputs(warehouse: Warehouse) -> None:
    """Nothing scored or nothing sent is a result too: the tables are then there, and empty."""
    ensure_sent_table(warehouse)
    if not warehouse.table_exists(SCORES_TABLE):
        warehouse.replace_rows(SCORES_TABLE, SCORES.empty_table(), where="false")


def _read_ledger(warehouse: Warehouse) -> tuple[Ledger, tuple[Listing, ...]]:
    ledger = ledger_from(warehouse.query("select * from evaluation.followed_transfers"))
    return ledger, listings_from(warehouse.query("select * from evaluation.reported_losses"), ledger)


def read_case(warehouse: Warehouse, rules: EvaluationRules) -> Case:
    """The joined ledger, the listings and who can act, from the marts and the known accounts."""
    ledger, listings = _read_ledger(warehouse)
    owners = warehouse.query(_OWNERS)["institution"].to_pylist()
    return prepare(ledger, listings, select_institutions(ledger, owners), rules)


def _detection(room: "Room", rules: EvaluationRules, truth: Truth | None) -> dict[str, Any]:
    """Precision and recall of the mule warnings sent, and of the rankings at each capacity; and the institutions'
    times. Findable truth: mules that are not watch-listed yet and that were scored."""
    ranked = room.warehouse.query(_RANKED)
    warned = _warned(room.warehouse)
    standings = room.portal.warnings()
    body: dict[str, Any] = {
        "warned": len(warned),
        "scored": ranked.num_rows,
        "precision": None,
        "recall": None,
        "by_capacity": [],
        "notice_to_control": notice_to_control(standings),
        "held_twd": held_cents(standings) / 100,
    }
    return body if truth is None else body | _against_truth(ranked, warned, truth, rules)


def _warned(warehouse: Warehouse) -> set[str]:
    """Accounts that mule warnings were sent about, without those that were watch-listed by the cut-off anyway."""
    sql = f"select distinct account_token from {SENT} where kind = ?"
    listed = set(warehouse.query(_LISTED)["account_token"].to_pylist())
    return set(warehouse.query(sql, [str(WarningKind.MULE)])["account_token"].to_pylist()) - listed


def _against_truth(ranked: pa.Table, warned: set[str], truth: Truth, rules: EvaluationRules) -> dict[str, Any]:
    order = ranked["account_token"].to_pylist()
    by_rules = ranked.sort_by("baseline_place")["account_token"].to_pylist()
    findable = set(truth) & set(order)
    found = detect(warned, findable)
    return {
        "precision": found.precision,
        "recall": found.recall,
        "of_warnings": found.body(),
        "by_capacity": by_capacity(order, findable, rules.capacities),
        "baseline_by_capacity": by_capacity(by_rules, findable, rules.capacities),
        "by_typology": by_typology(warned, findable, truth),
    }


def _detail(blocked: Mapping[str, Any], detection: Mapping[str, Any]) -> dict[str, Any]:
    alone, together = (blocked["scenarios"][s] for s in (Scenario.OWN_BANK, Scenario.SHARED_GRAPH_REALTIME))
    return {
        "listings": blocked["listings"],
        "reported_twd": blocked["reported_twd"],
        "blocked_own_bank_twd": alone["money_twd"],
        "blocked_realtime_twd": together["money_twd"],
        "extra_twd": together["extra_money_twd"],
        "extra_accounts": together["extra_accounts"],
        "precision": detection["precision"],
        "recall": detection["recall"],
    }


# --- truth ----------------------------------------------------------------------------------------------------------


def tokens_of_truth(
    path: Path, participant_keyring: ParticipantKeyRing, room_keyring: RoomKeyRing
) -> dict[str, list[dict[str, str]]]:
    """Account token -> its patterns, from a truth file in clear (institution, account, pattern, typology).

    Needs K1 and K2 in one place, which a real programme never has. Raises MalformedRows for an account number that
    has no canonical form.
    """
    clear, patterns = read_truth(path)
    first = participant_keyring.first_hash
    second = room_keyring.second_hash(scheme=first.scheme, participant=participant_keyring.institution, kid=first.kid)
    tokens = second(IdentifierKind.ACCOUNT, first(IdentifierKind.ACCOUNT, clear))
    found: dict[str, list[dict[str, str]]] = {}
    for token, pattern in zip(tokens, patterns, strict=True):
        if pattern not in found.setdefault(token, []):
            found[token].append(pattern)
    return found


def read_truth(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Canonical accounts and their patterns, row by row; where no pattern is named the account is one of its own, and
    a typology that is not named is unknown. Raises MalformedRows with the file, row and rule."""
    where = Where(file=str(path))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error):
        raise MalformedRows(
            "the truth is no CSV file in UTF-8", zh="真實答案非 UTF-8 之 CSV 檔", where=where, rule="csv_form"
        ) from None
    clear, patterns = [], []
    for number, row in enumerate(rows, 1):
        if missing := [name for name in TRUTH_COLUMNS if row.get(name) is None]:
            raise MalformedRows(
                "the truth lacks a column",
                zh="真實答案缺少欄位",
                where=Where(str(path), number, missing[0]),
                rule="missing_column",
            )
        try:
            clear.append(canonical(IdentifierKind.ACCOUNT, row["account"], institution=row["institution"]))
        except MalformedRows as e:
            raise MalformedRows(e.sentence, zh=e.zh, where=Where(str(path), number, "account"), rule=e.rule) from None
        pattern, typology = row["pattern"].strip() or f"row {number}", row["typology"].strip() or UNKNOWN
        patterns.append({"pattern": pattern, "typology": typology})
    return clear, patterns


@dataclass(frozen=True)
class PatternReach:
    """One watch-listed account and the other accounts of its patterns: account token -> (direction, layer) of the
    nearest time-respecting walk, or None where none within the layers reaches it."""

    watch_listed: str
    accounts: Mapping[str, tuple[str, int] | None]

    @property
    def not_reachable(self) -> tuple[str, ...]:
        return tuple(sorted(a for a, found in self.accounts.items() if found is None))


def read_pattern_reach(room: "Room", truth_tokens: Truth) -> list[PatternReach]:
    """`pattern_reach` on the room's warehouse; the evaluation marts must have been built."""
    ledger, listings = _read_ledger(room.warehouse)
    return pattern_reach(ledger, listings, truth_tokens, EvaluationRules())


def pattern_reach(
    ledger: Ledger, listings: Sequence[Listing], truth: Truth, rules: EvaluationRules
) -> list[PatternReach]:
    """For each watch-listed account in a known pattern: which accounts of the pattern can be reached from it."""
    members: dict[str, set[str]] = {}
    for token, patterns in truth.items():
        for pattern in patterns:
            members.setdefault(pattern["pattern"], set()).add(token)
    known = [x for x in listings if ledger.tokens[x.account] in truth]
    lookback = rules.lookback_days * DAY_US
    forward = nearest_layers(ledger, [Start(x.account, x.listed_us - lookback) for x in known], layers=rules.layers)
    backward = nearest_layers(
        ledger, [Start(x.account, x.listed_us) for x in known], layers=rules.layers, backward=True
    )
    return [
        _reach_of(ledger, x, ahead, behind, truth, members)
        for x, ahead, behind in zip(known, forward, backward, strict=True)
    ]


def _reach_of(
    ledger: Ledger, listing: Listing, ahead: Mapping, behind: Mapping, truth: Truth, members: Mapping
) -> PatternReach:
    own = ledger.tokens[listing.account]
    others = set().union(*(members[p["pattern"]] for p in truth[own])) - {own}
    return PatternReach(own, {t: _nearest(ledger.index_of.get(t), ahead, behind) for t in sorted(others)})


def _nearest(account: int | None, ahead: Mapping, behind: Mapping) -> tuple[str, int] | None:
    walks = [(walk[account], name) for name, walk in (("forward", ahead), ("backward", behind)) if account in walk]
    return min(walks)[::-1] if walks else None


def reach_summary(found: Sequence[PatternReach]) -> dict[str, Any]:
    """Counts alone: pairs of a watch-listed account and another account of its pattern, by how they connect."""
    pairs = [how for one in found for how in one.accounts.values()]
    layers: dict[str, int] = {}
    for how in pairs:
        if how:
            layers[str(how[1])] = layers.get(str(how[1]), 0) + 1
    return {
        "watch_listed": len(found),
        "pairs": len(pairs),
        "reachable": sum(how is not None for how in pairs),
        "not_reachable": sum(how is None for how in pairs),
        "by_layer": dict(sorted(layers.items())),
    }

"""FinBench's complex reads against a second reading of the specification: plain enumeration over the files' rows."""

import csv
import json
import subprocess
import sys
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.finbench.data import load, microseconds
from benchmarks.finbench.parameters import QUERIES, rows
from benchmarks.finbench.queries import rounded

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "finbench_sf001"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="shared/data/finbench_sf001 is not on this machine")
EACH = 40  # parameter rows of each read; the whole files are answered by the benchmark itself


@pytest.fixture(scope="module")
def folder():
    return DATA


@pytest.fixture(scope="module")
def bank(folder):
    return load(folder)


class Plain:
    """The rows of the snapshot, as they stand."""

    def __init__(self, folder):
        self._folder = folder / "snapshot"
        self.transfers = self._edges("AccountTransferAccount", "fromId", "toId")
        self.withdrawals = self._edges("AccountWithdrawAccount", "fromId", "toId")
        self.sign_ins = self._edges("MediumSignInAccount", "mediumId", "accountId")
        self.deposits = self._edges("LoanDepositAccount", "loanId", "accountId")
        self.owned = self._edges("PersonOwnAccount", "personId", "accountId")
        self.media = {int(r["mediumId"]): r for r in self.rows("Medium")}
        self.loans = {int(r["loanId"]): r for r in self.rows("Loan")}

    def rows(self, name):
        with (self._folder / f"{name}.csv").open(newline="") as text:
            return list(csv.DictReader(text, delimiter="|", quoting=csv.QUOTE_NONE))

    def _edges(self, name, origin, end):
        return [
            (int(r[origin]), int(r[end]), microseconds(r["createTime"]), Decimal(r.get("amount") or 0))
            for r in self.rows(name)
        ]


@pytest.fixture(scope="module")
def plain(folder):
    return Plain(folder)


def inside(edges, start, end):
    return [e for e in edges if int(start) * 1000 < e[2] < int(end) * 1000]


def by(edges, place):
    found = defaultdict(list)
    for edge in edges:
        found[edge[place]].append(edge)
    return found


def half_up(value):
    return float(value.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP))


def walks(leaving, account, steps=3, after=None):
    """Every walk in time order of one to three edges."""
    for edge in leaving[account]:
        if after is None or edge[2] > after:
            yield [edge]
            if steps > 1:
                yield from ([edge, *rest] for rest in walks(leaving, edge[1], steps - 1, edge[2]))


def expected_1(plain, account, start, end, *_):
    leaving = by(inside(plain.transfers, start, end), 0)
    blocked = [s for s in inside(plain.sign_ins, start, end) if plain.media[s[0]]["isBlocked"] == "true"]
    signed = by(blocked, 1)
    found = {
        (walk[-1][1], len(walk), s[0], plain.media[s[0]]["mediumType"])
        for walk in walks(leaving, int(account))
        for s in signed[walk[-1][1]]
    }
    return [list(row) for row in sorted(found, key=lambda r: (r[1], r[0], r[2]))]


def expected_2(plain, person, start, end, *_):
    leaving = by(inside(plain.transfers, start, end), 0)
    mine = {e[1] for e in plain.owned if e[0] == int(person)}
    deposits = by(inside(plain.deposits, start, end), 1)
    found = []
    for other in {e[0] for e in plain.transfers}:
        if deposits[other] and any(walk[-1][1] in mine for walk in walks(leaving, other)):
            loans = {d[0] for d in deposits[other]}
            sums = [sum(Decimal(plain.loans[loan][name]) for loan in loans) for name in ("loanAmount", "balance")]
            found.append([other, *map(half_up, sums)])
    return sorted(found, key=lambda r: (-r[1], r[0]))


def expected_3(plain, origin, target, start, end):
    leaving = by(inside(plain.transfers, start, end), 0)
    distance, waiting = {int(origin): 0}, [int(origin)]
    for account in waiting:
        for edge in leaving[account]:
            if edge[1] not in distance:
                distance[edge[1]] = distance[account] + 1
                waiting.append(edge[1])
    return [[distance.get(int(target), -1)]]


def expected_5(plain, person, start, end, *_):
    leaving = by(inside(plain.transfers, start, end), 0)
    lists = {
        (e[1], *(step[1] for step in walk)) for e in plain.owned if e[0] == int(person) for walk in walks(leaving, e[1])
    }
    return sorted(([*p] for p in lists if len(set(p)) == len(p)), key=lambda p: (-len(p), p))


def expected_6(plain, card, more_in, more_out, start, end, *_):
    arriving = by(inside(plain.transfers, start, end), 1)
    withdrawn = by(
        [w for w in inside(plain.withdrawals, start, end) if w[1] == int(card) and w[3] > Decimal(more_out)], 0
    )
    found = []
    for account, cash in withdrawn.items():
        large = [t[3] for t in arriving[account] if t[3] > Decimal(more_in)]
        if len(large) > 3:
            found.append([account, half_up(sum(large)), half_up(sum(c[3] for c in cash))])
    return sorted(found, key=lambda r: (-r[2], r[0]))


def expected_8(plain, loan, threshold, start, end, *_):
    moving = inside(plain.transfers, start, end)
    into = by(moving, 1)
    edges = [(*e, place) for place, e in enumerate(moving + inside(plain.withdrawals, start, end))]
    counted = by([e for e in edges if e[3] > Decimal(threshold) * sum(t[3] for t in into[e[0]])], 0)
    frontier = {d[1] for d in inside(plain.deposits, start, end) if d[0] == int(loan)}
    last, nearest = defaultdict(set), {}
    for step in (2, 3, 4):
        taken = [e for account in frontier for e in counted[account]]
        for edge in taken:
            last[edge[1]].add(edge)
            nearest.setdefault(edge[1], step)
        frontier = {e[1] for e in taken}
    whole = Decimal(plain.loans[int(loan)]["loanAmount"])
    found = [[a, half_up(sum(e[3] for e in es) / whole), nearest[a]] for a, es in last.items()]
    return sorted(found, key=lambda r: (-r[2], -r[1], r[0]))


EXPECTED = {1: expected_1, 2: expected_2, 3: expected_3, 5: expected_5, 6: expected_6, 8: expected_8}


@pytest.mark.parametrize("number", sorted(EXPECTED))
def test_a_read_gives_what_the_enumeration_gives(number, folder, bank, plain):
    path = folder / "params" / f"complex_{number}_param.csv"
    asked = list(rows(path, QUERIES[number]))
    chosen = list(islice(asked, 0, None, max(1, len(asked) // EACH)))
    given = {tuple(fields): QUERIES[number].answer(bank, fields) for fields in chosen}
    assert len(given) >= EACH // 2
    assert any(answer not in ([], [[-1]]) for answer in given.values()), "this test would pass on nothing"
    for fields, answer in given.items():
        assert answer == EXPECTED[number](plain, *fields)


def test_a_threshold_takes_edges_away(bank, plain, folder):
    path = folder / "params" / "complex_8_param.csv"
    fewer = 0
    for fields in islice(rows(path, QUERIES[8]), EACH):
        strict = [fields[0], "0.5", *fields[2:]]
        answer = QUERIES[8].answer(bank, strict)
        assert answer == expected_8(plain, *strict)
        fewer += len(answer) < len(QUERIES[8].answer(bank, fields))
    assert fewer


def test_truncation_keeps_the_latest_or_the_first(bank, folder):
    """One edge a step, from either end: a subset of all, and not the same one."""
    answers = {}
    for order in ("TIMESTAMP_DESCENDING", "TIMESTAMP_ASCENDING"):
        path = folder / "params" / "complex_5_param.csv"
        answers[order] = [QUERIES[5].answer(bank, [*f[:3], "1", order]) for f in rows(path, QUERIES[5])]
    every = [QUERIES[5].answer(bank, f) for f in rows(folder / "params" / "complex_5_param.csv", QUERIES[5])]
    assert answers["TIMESTAMP_DESCENDING"] != answers["TIMESTAMP_ASCENDING"]
    for some in answers.values():
        assert all(row in whole for few, whole in zip(some, every, strict=True) for row in few)


def test_the_command_writes_one_object_a_line(folder, tmp_path):
    params, out = tmp_path / "params.csv", tmp_path / "answers.jsonl"
    lines = (folder / "params" / "complex_3_param.csv").read_text().splitlines()[:5]
    params.write_text("...\n" + "\n".join(lines) + "\n")
    command = [sys.executable, "-m", "benchmarks.finbench", "--data", folder, "--query", "3", "--params", params]
    subprocess.run([*map(str, command), "--out", str(out)], check=True, capture_output=True)
    written = [json.loads(line) for line in out.read_text().splitlines()]
    assert [w["params"] for w in written] == [[int(f) for f in line.split("|")] for line in lines]
    assert all(len(w["rows"]) == 1 for w in written)


def test_a_broken_parameter_row_is_named(folder, tmp_path, capfd):
    params = tmp_path / "params.csv"
    params.write_text("1|2|3\n")
    command = [sys.executable, "-m", "benchmarks.finbench", "--data", folder, "--query", "3", "--params", params]
    done = subprocess.run([*map(str, command), "--out", str(tmp_path / "out")], check=False, capture_output=True)
    assert done.returncode == 2
    assert b"params.csv, line 1: 3 fields" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("exact, shown", [("1.0005", 1.001), ("1.00049999", 1.0), ("2", 2.0)])
def test_halves_are_rounded_up(exact, shown):
    assert rounded(Decimal(exact)) == shown

"""Whole folders through both gates: the made-up consortium, and three banks of an independent simulator."""

from datetime import date
from pathlib import Path

import pytest

from cleanroom.contracts.institutions import known_codes
from cleanroom.contracts.specification import load_specification
from cleanroom.quality.gate import run_suite
from cleanroom.quality.suites import STATIONS, column_name
from cleanroom.settings import project_root
from cleanroom.synthetic.consortium import write
from cleanroom.vocabulary.terms import Dataset
from tests.factories.landing import land_institution

THREE_BANKS = project_root().parent / "shared" / "data" / "three_banks"


class Landed:
    """Stands where a warehouse would, and keeps what was landed."""

    def __init__(self):
        self.tables = []

    def ensure_tables(self):
        pass

    def land(self, *, submission, dataset, batches, judge=None):
        for batch in batches:
            self.tables.append((submission, Dataset(dataset), batch.rows))
        return True


def outcomes(folder: Path):
    """(station, institution, dataset) -> outcome. At sealing, tokens stand where canonical identifiers would."""
    kept = Landed()
    for one in sorted(p.parent for p in folder.glob("*/institution.json")):
        land_institution(kept, one)
    found = {}
    participants = {s["participant"] for s, _, _ in kept.tables}
    for submission, dataset, rows in kept.tables:
        facts = {
            "participant": submission["participant"],
            "period_first": submission["period_from"],
            "period_last": submission["period_to"],
            "known_institutions": participants | set(known_codes()),
        }
        assert isinstance(facts["period_first"], date)
        for station in STATIONS:
            fields = load_specification().datasets[dataset].fields
            names = {column_name(f, "intake"): column_name(f, station) for f in fields}
            renamed = rows.rename_columns([names.get(n, n) for n in rows.column_names])
            outcome = run_suite(station=station, dataset=dataset, rows=renamed, facts=facts)
            found[station, submission["participant"], dataset] = outcome
    return found


def test_the_made_up_consortium_passes_both_gates(tmp_path):
    made = write(tmp_path / "c", seed=5, size="small")
    found = outcomes(made.folder)
    assert len(found) == 2 * (3 * 4 + 3 + 2)
    assert not [k for k, o in found.items() if o.failed]
    told = {(k[2], r.rule): r.failed_rows for k, o in found.items() for r in o.broken if k[0] == "sealing"}
    assert set(told) == {("transfers", "clearing_ref.interbank_has_reference")}
    lost = [r.failed_rows for k, o in found.items() if k[0] == "intake" for r in o.broken]
    assert sum(lost) == 2 * made.counts["without_reference"] + made.counts["one_reference"]


@pytest.mark.slow
@pytest.mark.skipif(not THREE_BANKS.is_dir(), reason="the three banks' folder is not beside this checkout")
def test_three_banks_pass_both_gates():
    found = outcomes(THREE_BANKS)
    assert len(found) == 2 * 3 * 3
    assert not [(k, o.broken) for k, o in found.items() if o.failed]

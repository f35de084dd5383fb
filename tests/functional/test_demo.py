"""The demo in small: the very DAGs, from a made-up consortium to answered warnings, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    home = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "cleanroom.cli", "demo", "--size", "small", "--no-serve"]
    done = subprocess.run(
        [*command, "--workdir", str(home), "--json", str(home / "results.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return home, json.loads((home / "results.json").read_text()), done


def test_three_banks_a_telecom_and_a_platform_take_part(demo):
    home, results, _ = demo
    sectors = [json.loads(p.read_text())["sector"] for p in (home / "data").glob("*/institution.json")]
    assert len(results["institutions"]) == 5
    assert {"bank", "telecom", "platform"} <= set(sectors)


def test_every_dag_ran(demo):
    _, _, done = demo
    for dag in ("onboard_participant", "validate_specification", "take_in_uploads", "build_moneyflow",
                "train_and_evaluate", "score_accounts", "dispatch_warnings", "evaluate_outcomes"):  # fmt: skip
        assert f"DAG {dag}: " in done.stderr


def test_a_person_can_read_what_came_out(demo):
    _, results, done = demo
    assert f"{results['transfers']:,} distinct transfers" in done.stdout
    assert "precision" in done.stdout
    assert sum(results["warnings"].values()) > 0


def test_no_clear_identifier_leaves_its_institution(demo):
    """Account numbers and holders' ids of every institution, looked for in all files outside the institutions."""
    home, _, _ = demo
    planted = _identifiers(home / "data")
    assert len(planted) > 100
    looked_at = 0
    for folder in ("room", "objects", "portal", "airflow", "logs"):
        for path in (home / folder).rglob("*"):
            if path.is_file() and path.stat().st_size < 200_000_000:
                looked_at += 1
                content = path.read_bytes()
                assert not [text for text in planted if text in content], path.relative_to(home)
    assert looked_at > 20


def _identifiers(data: Path) -> list[bytes]:
    import pyarrow.csv as csv
    import pyarrow.parquet as pq

    found: list[bytes] = []
    folders = [declared.parent for declared in data.glob("*/institution.json")]
    for path in sorted(path for folder in folders for path in folder.glob("accounts.*")):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
        else:
            encoding = json.loads((path.parent / "institution.json").read_text())["files"]["accounts"]["encoding"]
            table = csv.read_csv(path, read_options=csv.ReadOptions(encoding=encoding),
                                 convert_options=csv.ConvertOptions(column_types={"account": "string"}))  # fmt: skip
        for column in ("account", "holder_id"):
            found += [str(value).encode() for value in table[column].to_pylist()[:40]]
    return [text for text in found if len(text) >= 10]  # shorter digits also stand in numbers by chance

"""An AMLSim data set becomes a folder of the data specification's form."""

import csv
import gzip

import pytest

from benchmarks.detection import amlsim
from benchmarks.detection.markdown import tables
from cleanroom.pipeline.rehearsal.clear_landing import account_tokens, read_institution
from cleanroom.pipeline.rehearsal.consortium import find_consortium

NODES = "nodeid,isFraud,init_balance,fraudStep\n0,0,1.0,-1\n1,1,1.0,3\n2,1,1.0,9\n3,1,1.0,-1\n"
MOVES = "sourceNodeId,targetNodeId,value,time\n0,1,10.5,1\n1,2,2.58,3\n3,0,7,12\n"


@pytest.fixture
def made(tmp_path):
    for name, text in (("nodes", NODES), ("transactions", MOVES)):
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt") as file:
            file.write(text)
    return amlsim.write(tmp_path, tmp_path / "out", cut=5)


def test_frauds_are_listed_to_be_found_or_undecided_by_their_step(made):
    (institution,) = find_consortium(made.folder).institutions
    landed = {f.dataset: f.batches[0].rows.to_pylist() for f in read_institution(institution)}

    assert (len(landed["transfers"]), len(landed["accounts"]), made.days) == (3, 4, 12)
    tokens = [row["account_token"] for row in landed["accounts"]]
    assert [row["subject_token"] for row in landed["list_events"]] == [tokens[1]]
    assert account_tokens(made.undecided) == [tokens[3]]
    with made.truth.open() as file:
        assert [int(row["account"]) - 1 for row in csv.DictReader(file)] == [2]
    assert [row["amount_cents"] for row in landed["transfers"]] == [1050, 258, 700]


def test_tables_hold_a_line_for_each_method_and_view():
    figure = {"value": 0.5, "low": 0.25, "high": 0.75}
    sure = dict.fromkeys(figure, 1.0)
    unknown = dict.fromkeys(figure)
    figures = {"pr_auc": figure, "precision_at": {"100": figure}, "recall_at": {"100": sure},
               "by_typology": {"cycle": {"accounts": 3, "found_at": {"100": 2}}}}  # fmt: skip

    lines = tables({"methods": {"rules": {"joint": figures, "own": {**figures, "pr_auc": unknown}}}}).splitlines()

    assert lines[2] == "| rules | joint | 0.500 (0.250 to 0.750) | 0.500 (0.250 to 0.750) | 1.000 |"
    assert lines[3] == "| rules | own | - | 0.500 (0.250 to 0.750) | 1.000 |"
    assert lines[-1] == "| cycle | 3 | 2 | 2 |"

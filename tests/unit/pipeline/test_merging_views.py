"""From one ranking per institution to one list."""

from cleanroom.evaluation.ranking import judged
from cleanroom.pipeline.evaluation import read_truth
from cleanroom.pipeline.rehearsal.detecting import _merged
from cleanroom.pipeline.rehearsal.views import _own


def test_institutions_put_forward_the_same_share_of_their_accounts():
    large = {f"l{i}": float(i) for i in range(8)}
    small = {f"s{i}": 100.0 + i for i in range(4)}
    known = judged([*large, *small], {"l7": [{"pattern": "1", "typology": "cycle"}]})

    found = _merged({"700": large, "808": small}, known)

    first = sorted(found, key=lambda token: -found[token])
    assert len(found) == 12
    assert set(first[:3]) == {"l7", "l6", "s3"}
    assert set(first[:6]) == {"l7", "l6", "l5", "l4", "s3", "s2"}


def test_accounts_that_are_not_judged_take_no_place():
    known = judged(["a", "c"], {})

    assert _merged({"700": {"a": 1.0, "b": 9.0, "c": 0.0}}, known) == {"a": -0.5, "c": -1.0}


def test_the_only_uploader_s_own_view_is_the_joint_one():
    class File:
        institution = "700"

    joint, built = [object()], []
    assert _own("700", [File(), File()], joint, built.append, print) is joint
    assert built == []


def test_a_truth_may_leave_pattern_or_typology_empty_and_add_columns(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("account,institution,note,typology,pattern\n123456,808,x,,7\n654321,822,,fan_in,\n")

    assert read_truth(path)[1] == [
        {"pattern": "7", "typology": "unknown"},
        {"pattern": "row 2", "typology": "fan_in"},
    ]

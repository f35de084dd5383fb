"""The stand-alone verifier accepts what the gate says, refuses every changed byte, and needs nothing but Python."""

import ast
import base64
import io
import json
import re
import subprocess
import sys
import zipfile
import zoneinfo
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.governance import gate
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import Policy, load_policy
from cleanroom.governance.reports import pages, verify_pack
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState
from tests.factories.laws import LAW, LONG_LAW
from tests.factories.packs import ROOM_KEY, a_pack, files_in, signed_again, written, zipped
from tests.factories.records import ARTEFACT, CODES, DEVELOPER, NOW, a_draft, a_record, a_waiver, released, signed

POLICY = load_policy()
RELEASED = released(POLICY, a_draft(POLICY))
AT = NOW + timedelta(hours=3)
PACK = a_pack(RELEASED, AT)
FILES = files_in(PACK)


def run(folder: Path, raw: bytes, *more: str, key: str = ROOM_KEY) -> int:
    return verify_pack.main([written(folder, raw), f"--room-key={key}", *more])


def test_a_release_that_passes_is_accepted(tmp_path, capsys):
    assert run(tmp_path, PACK) == 0
    told = capsys.readouterr().out
    assert f"gate 閘門 {pages.moment(AT)}: open 開放, until 至 " in told
    assert re.search(r"figures 數值: \d+ met 通過", told)
    assert "sign-offs 簽核: 10" in told


def test_a_release_that_is_refused_has_a_true_pack_too(tmp_path, capsys):
    record = released(POLICY, a_draft(POLICY, mia_auc=Evidence(0.9, low=0.8, high=0.95, cases=10_000, measured_at=NOW)))
    assert run(tmp_path, a_pack(record, AT)) == 0
    told = capsys.readouterr().out
    assert "shut" in told
    assert "PRI-3-01: mia_auc not met 不通過" in told


def test_every_outcome_and_state_has_a_word_in_both_languages():
    assert verify_pack.OUTCOMES.keys() == {str(o) for o in ControlOutcome}
    assert verify_pack.STATES.keys() == {str(s) for s in ReleaseState} - {"released"}
    glossary = (Path(__file__).parents[4] / "docs" / "glossary.md").read_text(encoding="utf-8")
    for name, both in verify_pack.OUTCOMES.items():
        assert f"| {name} | {both.split()[-1]} |" in glossary


def test_it_says_whether_the_gate_is_open_at_a_time(tmp_path):
    assert run(tmp_path, PACK, "--at", AT.isoformat()) == 0
    assert run(tmp_path, PACK, "--at", (AT + timedelta(days=400)).isoformat()) == 3


@pytest.mark.parametrize("name", sorted(FILES))
def test_one_changed_byte_of_any_file_is_refused(tmp_path, name):
    changed = bytearray(FILES[name])
    changed[len(changed) // 2] ^= 1
    assert run(tmp_path, zipped(FILES | {name: bytes(changed)})) == 1


@given(place=st.integers(0, len(PACK) - 1), bit=st.integers(0, 7))
@LAW
def test_one_changed_bit_anywhere_is_refused(tmp_path_factory, place, bit):
    changed = bytearray(PACK)
    changed[place] ^= 1 << bit
    assert run(tmp_path_factory.mktemp("bit"), bytes(changed)) == 1


def test_one_changed_bit_around_the_files_is_refused(tmp_path):
    """Every byte of the container itself: headers, the directory, its end; and of the signature's own file."""
    held = np.zeros(len(PACK), dtype=bool)
    for name, data in FILES.items():
        if name != verify_pack.SIGNATURE:
            start = PACK.index(data)
            held[start : start + len(data)] = True
    places = np.flatnonzero(~held)
    assert len(places) > 30 * len(FILES)
    for place in places[::7]:
        changed = bytearray(PACK)
        changed[place] ^= 1 << int(place) % 8
        assert run(tmp_path, bytes(changed)) == 1, place


@pytest.mark.parametrize("around", [(b"x", b""), (b"", b"x"), (b"PK", b"PK")])
def test_nothing_may_stand_before_or_behind_it(tmp_path, around):
    assert run(tmp_path, around[0] + PACK + around[1]) == 1


def test_another_zip_of_the_same_files_is_refused_and_any_program_reads_ours(tmp_path):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in FILES.items():
            file.writestr(name, data)
    assert run(tmp_path, sink.getvalue()) == 1
    with zipfile.ZipFile(io.BytesIO(PACK)) as file:
        assert file.testzip() is None
        assert file.namelist() == sorted(FILES)


@pytest.mark.parametrize("name", sorted(set(FILES) - {"manifest.json", "manifest.sig.json"}))
def test_a_missing_file_is_refused(tmp_path, name):
    assert run(tmp_path, zipped({n: d for n, d in FILES.items() if n != name})) == 1


def test_a_file_too_many_is_refused(tmp_path):
    assert run(tmp_path, zipped(FILES | {"extra.txt": b"x"})) == 1


def test_another_key_is_refused(tmp_path):
    other = base64.urlsafe_b64encode(bytes(SigningKey(b"x" * 32).verify_key)).decode().rstrip("=")
    assert run(tmp_path, PACK, key=other) == 1


def test_a_call_that_cannot_be_carried_out(tmp_path):
    assert verify_pack.main([str(tmp_path / "none.zip"), f"--room-key={ROOM_KEY}"]) == 2
    assert run(tmp_path, PACK, key="short") == 2
    assert run(tmp_path, PACK, "--at", "tomorrow") == 2
    assert run(tmp_path, PACK, "--at", "9999-12-31T23:59:59+00:00") == 2


def test_without_a_key_both_languages_say_who_has_it(tmp_path, capsys):
    assert verify_pack.main([written(tmp_path, PACK)]) == 2
    said = capsys.readouterr().err
    assert "custodian" in said
    assert "金鑰保管人" in said


def _document(name: str):
    return json.loads(FILES[name])


def _outcome(results, control, outcome):
    for r in results:
        if r["control_id"] == control:
            r["outcome"] = outcome
    return results


LIES = {
    "a failure called a pass": lambda: {"results.json": _outcome(_document("results.json"), "GOV-4-03", "pass")},
    "a shut gate called open": lambda: {"verdict.json": _document("verdict.json") | {"allowed": False}},
    "another certificate": lambda: {"certificate.json": _document("certificate.json") | {"tier": "R1"}},
    "a later end": lambda: {
        "certificate.json": _document("certificate.json") | {"expires_at": "2036-01-01T00:00:00+00:00"}
    },
    "another receiver": lambda: {"receivers.json": ["700"]},
    "a softer policy": lambda: {
        "policy.json": _document("policy.json") | {"freshness_days": {"R1": 9, "R2": 9, "R3": 9}}
    },
    "a figure": lambda: {"record.json": _with_figure(0.0)},
}


def _with_figure(value: float):
    record = _document("record.json")
    record["draft"]["controls"][10]["value"] = value
    return record


@pytest.mark.parametrize("lie", sorted(LIES))
def test_a_lie_is_refused_even_where_the_rooms_own_key_signed_it(tmp_path, lie):
    changed = {name: canonical_bytes(document) for name, document in LIES[lie]().items()}
    assert run(tmp_path, signed_again(FILES | changed)) == 1


def test_the_same_pack_signed_again_is_accepted(tmp_path):
    assert run(tmp_path, signed_again(FILES)) == 0


FIGURES = [m.name for c in POLICY.controls if str(c.phase) == "before_release" for m in c.metrics]


@st.composite
def records(draw):
    """Releases in every state: with failing, stale and missing figures, waivers, and people who should not have."""
    bad = Evidence(1e6, low=-1e6, high=1e6, cases=draw(st.sampled_from([1, 10_000])), measured_at=NOW)
    stale = Evidence(1.0, low=1.0, high=1.0, cases=10_000, measured_at=NOW - timedelta(days=100))
    changes = draw(st.dictionaries(st.sampled_from(FIGURES), st.sampled_from([None, bad, stale]), max_size=2))
    controls = [c.id for c in POLICY.controls if any(m.name in changes for m in c.metrics)]
    waived = draw(st.lists(st.sampled_from(controls), unique=True)) if controls else []
    others = draw(st.sampled_from([{}, {"approved_by": None}, {"approved_by": DEVELOPER}, {"approved_by": "asker"}]))
    record = signed(POLICY, a_record(a_draft(POLICY, **changes), waivers=_waivers(waived, others)))
    drop = draw(st.integers(0, 2))
    sign_offs = [draw(st.sampled_from(_variants(s))) for s in record.sign_offs[: len(record.sign_offs) - drop]]
    state = draw(st.sampled_from([ReleaseState.RELEASED] * 3 + [ReleaseState.SUBMITTED, ReleaseState.SUSPENDED]))
    held = draw(st.sampled_from([(), ("700",), CODES]))
    return record.model_copy(
        update={"sign_offs": tuple(sign_offs), "state": state, "held_by": held, "released_at": NOW + timedelta(hours=2)}
    )


def _waivers(waived, others):
    return tuple(a_waiver(POLICY, control_id, **others) for control_id in waived)


def _variants(s):
    """The sign-off itself, far more often than something that is wrong with it."""
    wrong = [
        s.model_copy(update={"person": DEVELOPER}),
        s.model_copy(update={"decision": "reject"}),
        s.model_copy(update={"subject_digest": "0" * 64}),
    ]
    return [s] * 30 + wrong


@given(record=records(), days=st.sampled_from([0.2, 20, 30, 31, 89, 90, 91, 400]))
@LONG_LAW
def test_verifier_and_gate_always_agree(tmp_path_factory, record, days):
    at = NOW + timedelta(days=days)
    open_ = gate.decide(POLICY, record, now=at, artefact_digest=ARTEFACT, participants=CODES).is_open
    files = files_in(a_pack(record, at))
    folder = tmp_path_factory.mktemp("law")
    assert run(folder, zipped(files)) == 0
    assert run(folder, zipped(files), "--at", at.isoformat()) == (0 if open_ else 3)
    assert json.loads(files["verdict.json"])["allowed"] == open_


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
@LAW
def test_its_canonical_json_is_the_standards(value):
    assert verify_pack.canonical(value) == rfc8785.dumps(value)


@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=80), bit=st.integers(0, 511))
@LONG_LAW
def test_its_ed25519_is_the_standards(seed, message, bit):
    key = SigningKey(seed)
    signature, public = bytearray(key.sign(message).signature), bytes(key.verify_key)
    assert verify_pack.ed25519_verifies(public, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    assert not verify_pack.ed25519_verifies(public, message, bytes(signature))
    assert not verify_pack.ed25519_verifies(public, message + b"!", bytes(key.sign(message).signature))


def test_keys_of_small_order_verify_nothing():
    neutral = (1).to_bytes(32, "little")
    assert not verify_pack.ed25519_verifies(neutral, b"anything", neutral + bytes(32))


def test_it_imports_the_standard_library_alone_and_runs_by_itself(tmp_path):
    source = tmp_path / "verify_pack.py"
    source.write_bytes(FILES["verify_pack.py"])
    tree = ast.parse(source.read_text(encoding="utf-8"))
    imported = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported
    assert imported <= sys.stdlib_module_names
    command = [sys.executable, "-S", str(source), written(tmp_path, PACK), f"--room-key={ROOM_KEY}"]
    # No packages, no time-zone database, a terminal without Chinese.
    bare = {"PYTHONTZPATH": "", "PYTHONIOENCODING": "ascii"}
    assert subprocess.run(command, capture_output=True, check=False, env=bare).returncode == 0


def _pack_in_zone(zone: str) -> bytes:
    waivers = POLICY.waivers.model_dump() | {"time_zone": zone}
    policy = Policy.model_validate(POLICY.model_dump() | {"waivers": waivers})
    record = released(policy, a_draft(policy, shadow_days=None))
    waived = record.model_copy(update={"waivers": (a_waiver(policy, "ROB-4-04"),)})
    return a_pack(waived, AT, policy=policy)


def test_what_the_machine_lacks_refuses_no_pack(tmp_path, monkeypatch, capsys):
    def unknown(name):
        raise zoneinfo.ZoneInfoNotFoundError(name)

    known = _pack_in_zone("Asia/Taipei")
    elsewhere = _pack_in_zone("Europe/Berlin")
    assert (run(tmp_path, known), run(tmp_path, elsewhere)) == (0, 0)
    monkeypatch.setattr(verify_pack, "ZoneInfo", unknown)
    assert (run(tmp_path, known), run(tmp_path, elsewhere)) == (0, 2)
    assert "Europe/Berlin" in capsys.readouterr().err
    monkeypatch.setattr(verify_pack, "OLDEST_PYTHON", (99, 0))
    assert run(tmp_path, known) == 2
    assert "Python" in capsys.readouterr().err

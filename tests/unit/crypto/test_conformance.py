"""An institution's own implementation, as it would come: a CSV, right or wrong in every way."""

import csv
import hashlib
import hmac
import json

import pytest

from cleanroom import cli
from cleanroom.crypto import conformance, known_answers
from cleanroom.crypto.conformance import COLUMNS, REFUSED
from cleanroom.crypto.identifiers import canonical
from cleanroom.errors import CanaryMismatch, MalformedRows, ManifestMalformed
from cleanroom.vocabulary.terms import Scheme
from tests.factories import ristretto


def hmac_of(keys, kind, message):
    secret = hmac.new(b"hmac2-v1", bytes.fromhex(keys["k1"]), hashlib.sha256).digest()
    subkey = hmac.new(secret, f"stage1/{kind}/{keys['kid']}".encode() + b"\x01", hashlib.sha256).digest()
    return hmac.new(subkey, message, hashlib.sha256).hexdigest()


def point_of(keys, kind, message):
    own = int.from_bytes(bytes.fromhex(keys["own"]), "little")
    return ristretto.encode(
        ristretto.multiply(own, ristretto.hash_to_group(message, keys["hash_domain"].encode()))
    ).hex()


def answer(asked, kind, institution, raw):
    """From the questions alone: their keys and their instructions; nothing of the scheme's own code."""
    try:
        text = canonical(kind, raw, institution=institution)
    except MalformedRows:
        return REFUSED, ""
    first = hmac_of if asked["scheme"] == "hmac2-v1" else point_of
    return text, first(asked["keys"], kind, f"cleanroom/id/v1\n{kind}\n{text}".encode())


@pytest.fixture(scope="module", params=list(Scheme))
def asked(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("questions") / "questions.json"
    assert cli.main(["conformance", "--scheme", request.param, "--questions", str(path)]) == 0
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def right(asked):
    return {q["number"]: answer(asked, q["kind"], q["institution"], q["raw"]) for q in asked["questions"]}


def written(path, answers, header=COLUMNS):
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        out.writerows([number, *given] for number, given in answers.items())
    return path


def compare(asked, path):
    return cli.main(["conformance", "--scheme", asked["scheme"], "--answers", str(path)])


def test_a_right_implementation_conforms(asked, right, tmp_path, capsys):
    assert len(right) == len(known_answers.load()["vectors"]) + len(known_answers.load()["refused"])
    assert compare(asked, written(tmp_path / "a.csv", right)) == 0
    assert f"all {len(right)} answers agree" in capsys.readouterr().out


def test_the_questions_do_not_hold_the_answers(asked):
    text = json.dumps(asked)
    vectors = known_answers.load()["vectors"]
    assert not [v for v in vectors if v["hmac2-v1"]["t1"] in text or v["r255-rekey-v1"]["t1"] in text]
    assert "joint" not in asked["keys"] and "k2" not in text


def test_every_difference_is_reported_by_its_question(asked, right, tmp_path, capsys):
    wrong = dict(right)
    del wrong[3]
    wrong[5] = ("A99", wrong[5][1])
    wrong[7] = (wrong[7][0], wrong[7][1].upper())
    wrong[len(right)] = ("8080000000000123456", "0" * 64)  # should have been refused
    wrong[999] = ("x", "")
    path = written(tmp_path / "a.csv", wrong)
    assert compare(asked, path) == CanaryMismatch.exit_code == 21
    said = capsys.readouterr()
    for number, what in ((3, "no answer"), (5, "canonical"), (7, "t1"), (len(right), "canonical"), (999, "no such")):
        assert f"question {number}: {what}" in said.out
    assert "6 of" not in said.err and "5 of" in said.err
    found = conformance.compare(Scheme(asked["scheme"]), path)
    assert [d.number for d in found] == [3, 5, 7, len(right), len(right), 999]


def test_a_question_answered_twice(asked, right, tmp_path):
    path = written(tmp_path / "a.csv", right)
    with path.open("a", encoding="utf-8") as file:
        file.write("4,x,y\n")
    found = conformance.compare(Scheme(asked["scheme"]), path)
    assert [d.what for d in found if d.number == 4] == ["answered twice", "canonical", "t1"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"\xff\xfe\x00",
        b"number,canonical,t1\nx,y,z\n",
        b"number,canonical,t1\n" + b"9" * 5000 + b",y,z\n",
        b"number,canonical,t1\n1," + b"x" * 200_000 + b",z\n",
    ],
)
def test_a_file_that_is_no_answer(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ManifestMalformed, match="answers"):
        conformance.compare(Scheme.HMAC2, tmp_path / "a.csv")
    assert cli.main(["conformance", "--answers", str(tmp_path / "a.csv")]) == ManifestMalformed.exit_code


def test_spreadsheets_add_a_mark_and_columns(asked, right, tmp_path):
    rows = {number: (*given, "a remark") for number, given in right.items()}
    path = written(tmp_path / "a.csv", rows, header=[*COLUMNS, "remark"])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert compare(asked, path) == 0

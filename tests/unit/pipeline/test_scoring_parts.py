"""Small parts of the scoring step: release request, code version, artefact store."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from cleanroom.errors import ArtefactRefused, NothingToDo, PolicyInvalid
from cleanroom.governance.answers import load_answers
from cleanroom.pipeline import artefacts
from cleanroom.pipeline.code_version import code_commit
from cleanroom.pipeline.release_request import declared_answers
from cleanroom.scoring.artefact import Artefact
from cleanroom.scoring.calibration import Calibration
from cleanroom.settings import RoomSettings
from cleanroom.stores.objects_local import LocalObjectStore

NOW = datetime(2026, 3, 2, tzinfo=UTC)

GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]


def test_an_empty_request_keeps_the_shipped_answers():
    assert declared_answers({}, None, {}).digest == load_answers().digest


def test_a_bare_value_keeps_the_shipped_reason():
    shipped, found = load_answers(), declared_answers({"F1": 3}, {"already_in_use": True}, None)

    assert found.factors["F1"].value == 3
    assert found.factors["F1"].because == shipped.factors["F1"].because
    assert found.declared["already_in_use"].answer is True
    assert found.digest != shipped.digest


def test_a_stated_document_becomes_evidence():
    text = {"en": "Training register", "zh_hant": "訓練紀錄"}
    found = declared_answers({}, {}, {"training_completion": {"value": 0.97, "title": text, "statement": text}})

    assert found.documents["training_completion"].value == 0.97


@pytest.mark.parametrize(
    "request_", [({"F1": 4}, {}, {}), ({"F1": "high"}, {}, {}), ({}, {"new_question": True}, {}), ({}, {}, {"x": 1})]
)
def test_an_answer_that_says_nothing_is_refused_with_its_place(request_):
    with pytest.raises(PolicyInvalid, match="release-request"):
        declared_answers(*request_)


def test_a_checkout_is_named_by_its_commit_and_a_change_shows(tmp_path):
    subprocess.run([*GIT, "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "file").write_text("one")
    subprocess.run([*GIT, "-C", str(tmp_path), "add", "file"], check=True)
    subprocess.run([*GIT, "-C", str(tmp_path), "commit", "-q", "-m", "one"], check=True)
    clean = code_commit(tmp_path)
    (tmp_path / "file").write_text("two")

    assert len(clean) == 40
    assert code_commit(tmp_path) == f"{clean}-changed"


def test_outside_a_checkout_the_package_version_stands_in(tmp_path):
    assert code_commit(tmp_path).startswith("package-")
    assert code_commit(tmp_path, stamped="c" * 40) == "c" * 40


@dataclass
class Room:
    settings: RoomSettings
    objects: LocalObjectStore


@pytest.fixture
def room(tmp_path):
    return Room(RoomSettings(home=tmp_path), LocalObjectStore(tmp_path / "objects"))


@pytest.fixture
def artefact(text_of_a_model):
    return Artefact(("a",), ("fan_in",), Calibration(1.0, 0.0), {"as_of": "2025-01-01"}, text_of_a_model)


@pytest.fixture(scope="module")
def text_of_a_model():
    import numpy as np

    from cleanroom.scoring.features import Feature
    from cleanroom.scoring.model import train

    values = np.arange(200.0)[:, None]
    return train(values, values[:, 0] > 150, (Feature("a", 1, "fan_in", ("transfers.txn_id",), "a", "a"),))


def test_nothing_trained_is_said_so(room):
    with pytest.raises(NothingToDo):
        artefacts.need_latest(room.settings)


def test_an_artefact_comes_back_from_either_place(room, artefact):
    digest = artefacts.keep(room, artefact, now=NOW)
    file = room.settings.artefacts_dir / f"{digest}.json"
    first = artefacts.read(room, digest)
    file.unlink()

    assert first == artefacts.read(room, digest) == artefact


def test_an_artefact_that_is_nowhere_is_refused(room):
    with pytest.raises(ArtefactRefused):
        artefacts.read(room, "0" * 64)


def test_keeping_it_again_keeps_its_release(room, artefact):
    digest = artefacts.keep(room, artefact, now=NOW)
    noted = artefacts.Latest(digest, NOW.isoformat(), "release-1", "a" * 64)
    artefacts.note(room.settings, noted)
    artefacts.keep(room, artefact, now=NOW + timedelta(days=7))

    assert artefacts.need_latest(room.settings) == noted


def test_a_swapped_file_is_refused_though_the_store_holds_the_right_one(room, artefact):
    digest = artefacts.keep(room, artefact, now=NOW)
    (room.settings.artefacts_dir / f"{digest}.json").write_bytes(b"{}")

    with pytest.raises(ArtefactRefused):
        artefacts.read(room, digest)

"""The commands that change keys, from the ceremony of r255-rekey-v1 to the next K1, as people type them."""

import pytest

from cleanroom import cli
from cleanroom.errors import KeyRefused
from cleanroom.pipeline import keys
from cleanroom.settings import ParticipantSettings
from cleanroom.vocabulary.terms import Scheme


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLEANROOM_HOME", str(tmp_path))
    return tmp_path


def run(*words):
    return cli.main(["keys", *words])


def ring(code):
    return keys.open_participant_keys(ParticipantSettings.from_environment(code))


def test_the_next_shared_key_goes_round(home):
    assert run("init-participant", "--institution", "700", "--make-k1", "--demo") == 0
    assert run("init-participant", "--institution", "808", "--demo") == 0
    share = str(home / "share")
    assert run("export-k1", "--institution", "700", "--recipient", ring("808").recipient, "--out", share) == 0
    assert run("init-participant", "--institution", "808", "--demo", "--k1-from", share) == 0
    old = ring("700").hash_kid
    assert run("next-k1", "--institution", "700", "--after", old) == 0
    assert run("export-k1", "--institution", "700", "--recipient", ring("808").recipient, "--out", share) == 0
    for _ in range(2):  # the same again changes nothing
        assert run("next-k1", "--institution", "808", "--after", old, "--k1-from", share) == 0
        assert run("next-k1", "--institution", "700", "--after", old) == 0
    assert ring("700").hash_kid == ring("808").hash_kid != old
    assert [key.kid for key in ring("808").first_hashes] == [old, ring("700").hash_kid]
    # A share does not silently replace a key that it does not follow.
    assert run("next-k1", "--institution", "808", "--after", "k1-0000000000000000", "--k1-from", share) == 0
    assert run("next-k1", "--institution", "700", "--after", ring("700").hash_kid) == 0
    assert run("export-k1", "--institution", "700", "--recipient", ring("808").recipient, "--out", share) == 0
    assert run("next-k1", "--institution", "808", "--after", old, "--k1-from", share) == KeyRefused.exit_code


def test_the_ceremony_of_a_key_per_institution(home, capsys):
    assert run("init-room", "--demo") == 0
    for code in ("700", "808"):
        assert run("init-participant", "--institution", code, "--demo") == 0
    addressees = [f"--to={code}={ring(code).recipient}" for code in ("700", "808")]
    assert run("share-joint", *addressees, "--out", str(home / "safe")) == 0
    assert sorted(p.name for p in (home / "safe").iterdir()) == ["joint-700.age", "joint-808.age"]
    assert run("share-joint", *addressees, "--out", str(home / "safe")) != 0  # never over an older one
    for code in ("700", "808"):
        assert run("make-own-key", "--institution", code) == 0
        first = ring(code).hash_kid
        assert run("make-own-key", "--institution", code) == 0
        assert ring(code).hash_kid == first
        share, out = str(home / "safe" / f"joint-{code}.age"), str(home / f"factor-{code}")
        room = ["--room-recipient", ring("700").recipient]
        assert run("export-factor", "--institution", code, "--joint", share, *room, "--out", out) == 0
    assert ring("700").scheme == Scheme.R255_REKEY
    assert ring("700").hash_kid != ring("808").hash_kid
    swapped = ["--joint", str(home / "safe" / "joint-808.age"), "--out", str(home / "x")]
    assert run("export-factor", "--institution", "700", *swapped, "--room-recipient", ring("700").recipient) != 0
    with pytest.raises(SystemExit):
        run("share-joint", "--to", "700", "--out", str(home / "safe"))


def test_a_new_handle_key_is_drawn_once(home):
    assert run("init-participant", "--institution", "700", "--make-k1", "--demo") == 0
    account = "7000000123456789012"
    handle = ring("700").seal_handle(account)
    for _ in range(2):
        assert run("next-handle-key", "--institution", "700", "--after", "1") == 0
    assert ring("700").seal_handle(account) != handle
    assert ring("700").open_handle(handle) == account


def test_what_a_new_key_should_follow_must_be_there(home, capsys):
    """Else the command would name the old key as the one in use, as if a new one had been drawn."""
    assert run("init-participant", "--institution", "700", "--make-k1", "--demo") == 0
    before = ring("700").hash_kid
    for words in (
        ["next-k1", "--after", "k1-0000000000000000"],
        ["make-own-key"],  # the ring's key is of the other scheme
        ["next-handle-key", "--after", "2"],
        ["next-handle-key", "--after", "0"],
    ):
        assert run(*words, "--institution", "700") == KeyRefused.exit_code, words
    assert [key.kid for key in ring("700").first_hashes] == [before]
    for _ in range(2):  # the same again changes nothing
        assert run("next-handle-key", "--after", "1", "--institution", "700") == 0
        assert run("make-own-key", "--after", before, "--institution", "700") == 0
    assert [key.scheme for key in ring("700").first_hashes] == [Scheme.HMAC2, Scheme.R255_REKEY]

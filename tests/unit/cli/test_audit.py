"""`cleanroom audit`: every action, on a room and a witness that share a folder."""

import json

import pytest

from cleanroom import cli
from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import Receipt
from cleanroom.errors import AuditBroken, NotFound, RequestInvalid, SettingsInvalid
from tests.factories.witnessed_room import WitnessedRoom, event


@pytest.fixture
def room(tmp_path, monkeypatch):
    """The settings' own places, with one checkpoint over 5 events; the portal's client is the one in memory."""
    room = WitnessedRoom(tmp_path)
    monkeypatch.setenv("CLEANROOM_HOME", str(tmp_path))
    monkeypatch.setattr("cleanroom.stores.portal_http.HttpPortal.from_token_file", lambda *_, **__: room.portal)
    room.happens(5)
    room.publish()
    return room


def key_of(room):
    return [f"--room-key={room.ring.signing_public_key}"]  # a key may begin with a hyphen


def test_a_log_that_was_changed_is_named(room, capsys):
    assert cli.main(["audit", "verify", "--chain-only"]) == 0
    assert "5 events, chain whole" in capsys.readouterr().out
    assert cli.main(["audit", "verify"]) == 0
    shown = capsys.readouterr().out
    assert "1 checkpoints agree" in shown and "covered by a checkpoint: 5" in shown
    lines = room.log.path.read_bytes().splitlines(keepends=True)
    room.log.path.write_bytes(b"".join([lines[0], lines[1].replace(b"accepted", b"refused!"), *lines[2:]]))
    assert cli.main(["audit", "verify", str(room.log.path), "--chain-only"]) == AuditBroken.exit_code == 32
    assert "event 2 was edited" in " ".join(capsys.readouterr().err.split())


def test_a_cut_tail_is_named(room, capsys):
    room.log.path.write_bytes(b"".join(room.log.path.read_bytes().splitlines(keepends=True)[:3]))
    assert cli.main(["audit", "verify", "--chain-only"]) == 0
    assert cli.main(["audit", "verify"]) == 32
    assert "tail was cut" in " ".join(capsys.readouterr().err.split())


def test_checkpoint_witness_and_cosignatures(room, capsys):
    room.happens(2)
    assert cli.main(["audit", "checkpoint"]) == 0
    assert "room-log: 7 events under a signed checkpoint" in capsys.readouterr().out
    own = room.home / "institutions" / "808"
    own.mkdir(parents=True)
    (room.home / "808" / "keys").rename(own / "keys")
    command = ["audit", "witness", "--institution", "808", *key_of(room)]
    assert cli.main(command) == 0
    assert "room-log: 7 events seen" in capsys.readouterr().out
    public = room.rings["808"].signing_public_key
    assert cli.main(["audit", "verify", *key_of(room)]) == 0
    assert "cosignatures of 808 not checked" in capsys.readouterr().out
    assert cli.main(["audit", "verify", *key_of(room), "--participant-key", f"808={public}"]) == 0
    assert "witnessed by 808: 7" in capsys.readouterr().out
    room.log.path.unlink()
    room.forget_checkpoints()
    assert cli.main([*command, "--without-portal"]) == 32
    assert "evidence" in capsys.readouterr().err and list(own.glob("witness-evidence-*.json"))


def test_a_witness_elsewhere(room, tmp_path, capsys):
    """Alone with a folder, the room's key and a memory of its own choosing; no portal."""
    own = tmp_path / "institutions" / "822"
    own.mkdir(parents=True)
    (room.home / "822" / "keys").rename(own / "keys")
    state = tmp_path / "elsewhere" / "memory.json"
    store = str(room.room.settings.objects_dir)
    command = ["audit", "witness", "--institution", "822", "--store", store, "--state", str(state), "--without-portal"]
    assert cli.main(command) == SettingsInvalid.exit_code
    assert cli.main([*command, *key_of(room)]) == 0
    assert cli.main(command) == 0, "the key is pinned"
    assert len(json.loads(state.read_bytes())["seen"]) == 2


def test_proofs_and_receipts(room, tmp_path, capsys):
    proof, receipt = tmp_path / "proof.json", tmp_path / "receipt.json"
    assert cli.main(["audit", "prove", "--sequence", "3", "--out", str(proof)]) == 0
    assert cli.main(["audit", "check-proof", str(proof), *key_of(room)]) == 0
    assert "proved: event 3 of the room-log" in capsys.readouterr().out
    body = {"audit_sequence": 3, "audit_hash": room.log.hash_at(3), "state": "accepted"}
    signature = room.ring.sign(RECEIPT_DOMAIN, canonical_bytes(body))
    signed = Receipt(body=body, signing_kid=room.ring.signing_kid, signature=signature)
    receipt.write_text(signed.model_dump_json(indent=2))
    for more in ([], ["--proof", str(proof)], key_of(room)):
        assert cli.main(["audit", "check-receipt", str(receipt), *more]) == 0
    room.rewrite_log(lambda e: [e[0].replace(b"accepted", b"refused!"), *e[1:]])
    room.forget_checkpoints()
    room.portal.shown.clear()
    room.publish()
    assert cli.main(["audit", "check-receipt", str(receipt)]) == 32
    assert "is not event 3" in " ".join(capsys.readouterr().err.split())


def test_what_cannot_be_proved(room, tmp_path):
    out = ["--out", str(tmp_path / "proof.json")]
    assert cli.main(["audit", "prove", "--sequence", "9", *out]) == NotFound.exit_code
    room.log.append(event(6))
    assert cli.main(["audit", "prove", "--sequence", "6", *out]) == NotFound.exit_code
    assert cli.main(["audit", "prove", "--sequence", "1", "--log", "portal-log", *out]) == RequestInvalid.exit_code
    (tmp_path / "huge").write_bytes(b" " * 100_000)
    assert cli.main(["audit", "check-receipt", str(tmp_path / "huge")]) == RequestInvalid.exit_code
    (tmp_path / "other").write_text("[]")
    assert cli.main(["audit", "check-receipt", str(tmp_path / "other")]) == RequestInvalid.exit_code


def test_outside_the_room_its_key_must_be_given(room, tmp_path, monkeypatch):
    monkeypatch.setenv("CLEANROOM_HOME", str(tmp_path / "nowhere"))
    assert cli.main(["audit", "verify", str(room.log.path)]) == SettingsInvalid.exit_code
    assert cli.main(["audit", "verify", str(room.log.path), *key_of(room), "--store", str(tmp_path / "objects")]) == 0


@pytest.mark.parametrize("action", ["checkpoint", "witness", "verify", "prove", "check-proof", "check-receipt"])
def test_every_action_explains_itself(action, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["audit", action, "--help"])
    assert ended.value.code == 0 and len(capsys.readouterr().out) > 80

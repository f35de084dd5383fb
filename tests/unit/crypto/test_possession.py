"""A sealing key's challenge: answered by its holder alone, and the holder opens nothing else for anybody."""

import base64

import pytest

from cleanroom.contracts.possession import answer_to, challenge
from cleanroom.crypto.envelope import seal_bytes
from cleanroom.crypto.possession import answer_challenge
from cleanroom.errors import KeyRefused
from cleanroom.pipeline.keys import init_room_keys, prepare_participant_keys

NONCE = bytes(32)


@pytest.fixture
def ring(tmp_path):
    return prepare_participant_keys(tmp_path / "808", institution="808", demo=True)


def named(ring, **other):
    return {"owner": ring.owner, "kid": ring.recipient_kid, "public_key": ring.recipient, **other}


def sealed(opened: bytes, ring) -> str:
    return base64.b64encode(seal_bytes(opened, ring.recipient)).decode()


def test_the_holder_answers_and_the_answer_shows_nothing(ring):
    opened = challenge(**named(ring), nonce=NONCE)
    answer = answer_challenge(ring, sealed(opened, ring))
    assert answer == answer_to(opened, **named(ring)) and len(answer) == 64
    assert NONCE.hex() not in answer and answer != answer_to(challenge(**named(ring), nonce=b"1" * 32), **named(ring))


@pytest.mark.parametrize("other", [{"owner": "822"}, {"kid": "another"}, {"public_key": "age1other"}])
def test_a_challenge_for_another_owner_or_key_is_not_answered(ring, other):
    with pytest.raises(KeyRefused, match="key_challenge"):
        answer_challenge(ring, sealed(challenge(**named(ring, **other), nonce=NONCE), ring))


def bodies(ring):
    good = challenge(**named(ring), nonce=NONCE)
    yield b"a warning's body"
    yield good.split(b"\n", 1)[1]  # without the domain
    yield good + b" "
    yield good.replace(b'"nonce":"0', b'"nonce":"z')
    yield good.replace(NONCE.hex().encode(), b"00")
    yield good.split(b"\n", 1)[0] + b"\n[]"
    yield good[:-1] + b',"more":1}'
    yield b"x" * 5000


def test_what_is_no_challenge_is_not_answered(ring):
    asked = [sealed(body, ring) for body in bodies(ring)]
    assert len(asked) == 8
    for text in [*asked, "not base64!", "", base64.b64encode(b"no envelope").decode()]:
        with pytest.raises(KeyRefused, match="key_challenge"):
            answer_challenge(ring, text)


def test_another_ring_cannot_answer(tmp_path, ring):
    room = init_room_keys(tmp_path / "room", demo=True)
    with pytest.raises(KeyRefused, match="key_challenge"):
        answer_challenge(room, sealed(challenge(**named(ring), nonce=NONCE), ring))

"""Both schemes through the one interface, the epochs behind it, and keys that belong elsewhere."""

import pickle

import pytest

from cleanroom.crypto import hmac2, r255
from cleanroom.crypto.epochs import Epoch, tokens_of, wrap
from cleanroom.crypto.schemes import FirstHash, SecondHash, check_kid, new_key
from cleanroom.errors import KeyRefused
from cleanroom.vocabulary.terms import Scheme

PEOPLE = [f"+88691234567{i}" for i in range(10)]
EPOCHS = [Epoch(n, bytes([n]) * 32) for n in (1, 2, 3)]


def first_and_second(scheme, joint):
    """One participant's first hash and what the room does with it; K1 or the joint scalar is `joint`."""
    first = FirstHash(scheme, joint) if scheme == Scheme.HMAC2 else new_key(scheme)
    factor = None if scheme == Scheme.HMAC2 else r255.factor(joint, first.secret)
    return first, SecondHash(EPOCHS[:1], factor)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_two_participants_give_one_token_per_identifier(scheme):
    joint = new_key(scheme).secret
    (mine, room_of_mine), (yours, room_of_yours) = (first_and_second(scheme, joint) for _ in range(2))
    first_hashes = mine("phone", PEOPLE)
    assert {len(t1) for t1 in first_hashes} == {32}
    tokens = room_of_mine("phone", first_hashes)
    assert tokens == room_of_yours("phone", yours("phone", PEOPLE))
    assert len(set(tokens)) == len(PEOPLE)
    assert {len(token) for token in tokens} == {32}
    assert not set(tokens) & set(room_of_mine("device", mine("device", PEOPLE)))


def test_the_schemes_give_different_tokens():
    secret = new_key(Scheme.R255_REKEY).secret
    (one, second), (other, _) = (first_and_second(scheme, secret) for scheme in Scheme)
    assert not set(second("phone", one("phone", PEOPLE))) & set(second("phone", other("phone", PEOPLE)))


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_key_names_its_scheme_and_shows_nothing(scheme):
    key = new_key(scheme)
    check_kid(scheme, key.kid)
    [other] = set(Scheme) - {scheme}
    with pytest.raises(KeyRefused, match="scheme"):
        check_kid(other, key.kid)
    shown = repr(key) + repr(SecondHash(EPOCHS, key.secret))
    assert repr(key.secret)[2:-1] not in shown and key.secret.hex() not in shown
    assert repr(EPOCHS[0].root) not in shown


@pytest.mark.parametrize("scheme", list(Scheme))
def test_keys_go_to_worker_processes(scheme):
    first, second = first_and_second(scheme, new_key(scheme).secret)
    again, second_again = pickle.loads(pickle.dumps((first, second)))  # noqa: S301 - made here
    assert second_again("phone", again("phone", PEOPLE)) == second("phone", first("phone", PEOPLE))


def test_a_later_epoch_wraps_the_one_before_it():
    first = hmac2.stage1(b"k" * 32, "x", "phone", PEOPLE)
    tokens = tokens_of(EPOCHS[:1], "phone", first)
    assert tokens == hmac2.stage2(EPOCHS[0].root, "1", "phone", first)
    for count in (2, 3):
        wrapped = wrap(EPOCHS[count - 1], tokens)
        assert wrapped == tokens_of(EPOCHS[:count], "phone", first)
        assert len(set(wrapped) | set(tokens)) == 2 * len(PEOPLE)
        assert {len(token) for token in wrapped} == {32}
        tokens = wrapped


def test_the_same_root_in_another_epoch_is_another_key():
    token = "00" * 16
    assert len({wrap(Epoch(n, b"k" * 32), [token])[0] for n in range(2, 10)}) == 8

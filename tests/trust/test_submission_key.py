"""The key that every submission has of its own: missing, swapped, cut short, or of another pair, it opens nothing."""

from cleanroom import errors
from cleanroom.crypto.envelope import new_identity, seal_bytes
from tests.factories.attacks import Attack, Side, attack
from tests.factories.refusing import refused_in_the_room

REFUSED = "submission.refused"


def tampered(name, done, done_zh, means, *, rule, side=Side.TRANSPORT):
    return Attack(name, side, done, done_zh, refused=errors.ContentTampered, rule=rule, verb=REFUSED, means=means)


def overwrite(change):
    def act(waiting):
        raw = waiting.key.read_bytes()
        changed = change(raw)
        assert changed != raw
        waiting.key.write_bytes(changed)

    return act


def of_another_submission(waiting):
    """Another submission of the same participant, whose key is taken for this one."""
    own = waiting.key
    other = waiting.send_next().key
    assert other != own
    own.write_bytes(other.read_bytes())


@attack(
    tampered(
        "submission's key missing",
        "the object that holds the submission's key is not there",
        "缺少本批次之金鑰物件",
        lambda waiting: waiting.key.unlink(),
        rule="key_missing",
    ),
    tampered(
        "submission's key of another submission",
        "the key object of another submission lies in its place",
        "以其他批次之金鑰物件替換",
        of_another_submission,
        rule="key_digest",
    ),
    tampered(
        "submission's key cut short",
        "the key object ends one byte early",
        "金鑰物件少一個位元組",
        overwrite(lambda raw: raw[:-1]),
        rule="key_digest",
    ),
    tampered(
        "submission's key empty",
        "the key object has no bytes",
        "金鑰物件為空",
        overwrite(lambda raw: b""),
        rule="key_digest",
    ),
    Attack(
        "submission's key too large",
        Side.TRANSPORT,
        "the key object is a megabyte",
        "金鑰物件大至 1 MB",
        refused=errors.TooLarge,
        rule="size_cap",
        verb=REFUSED,
        means=overwrite(lambda raw: raw + bytes(2**20)),
    ),
    tampered(
        "bit flip in the submission's key",
        "one bit of the key object is turned",
        "金鑰物件一個位元被翻轉",
        overwrite(lambda raw: raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:]),
        rule="key_digest",
    ),
)
def test_a_key_object_that_is_not_the_signed_one(case, waiting):
    case.means(waiting)
    refused_in_the_room(case, waiting)


def sealed(content: bytes):
    def act(waiting):
        return seal_bytes(content, waiting.room.ring.recipient)

    return act


@attack(
    tampered(
        "key of another pair, signed",
        "the signer names one key pair and seals the secret of another",
        "簽署之公鑰與所封之私鑰不成對",
        lambda waiting: seal_bytes(new_identity()[0].encode(), waiting.room.ring.recipient),
        rule="key_pair",
        side=Side.INTAKE,
    ),
    tampered(
        "key that is no key, signed",
        "the signer seals a text where the secret should be",
        "所封內容並非金鑰",
        sealed(b"AGE-SECRET-KEY-1OOPS"),
        rule="key_pair",
        side=Side.INTAKE,
    ),
    tampered(
        "key of bytes that are no text, signed",
        "the signer seals bytes that no text has",
        "所封內容非文字",
        sealed(b"\xff\xfe" * 20),
        rule="key_pair",
        side=Side.INTAKE,
    ),
    tampered(
        "key that unpacks to more than a key, signed",
        "the signer seals a kilobyte where the secret should be",
        "所封內容遠大於金鑰",
        sealed(b"A" * 1024),
        rule="plaintext_size",
        side=Side.INTAKE,
    ),
    tampered(
        "key sealed to another room, signed",
        "the signer seals the secret to a key that the room does not hold",
        "以非無塵室之公鑰封裝金鑰",
        lambda waiting: seal_bytes(waiting.identity.encode(), new_identity()[1]),
        rule="envelope",
        side=Side.INTAKE,
    ),
)
def test_a_key_object_that_its_signer_made_badly(case, waiting):
    refused_in_the_room(case, waiting.moved_under_key(case.means(waiting)))


@attack(
    Attack(
        "unknown recipient",
        Side.INTAKE,
        "the submission is sealed to a key id that the room does not hold",
        "以無塵室未持有之金鑰代號封裝",
        refused=errors.KeyRefused,
        rule="recipient_kid",
        verb=REFUSED,
    )
)
def test_an_envelope_to_a_key_that_the_room_does_not_hold(case, waiting):
    waiting.sign_again(recipient_kid="0" * 16)
    refused_in_the_room(case, waiting)

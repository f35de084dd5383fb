"""The bytes of the sealed parts: a change on the way is seen in the digest, one by the signer in the envelope."""

import hashlib

from cleanroom import errors
from cleanroom.crypto.envelope import new_identity, seal_bytes
from tests.factories.attacks import Attack, Side, attack
from tests.factories.refusing import refused_in_the_room

REFUSED = "submission.refused"
CHUNK = 64 * 1024 + 16  # of an age payload: 64 KiB and a tag


def on_the_way(name, done, done_zh, means):
    return Attack(
        name,
        Side.TRANSPORT,
        done,
        done_zh,
        refused=errors.ContentTampered,
        rule="ciphertext",
        verb=REFUSED,
        means=means,
    )


def by_the_signer(name, done, done_zh, means, *, rule="envelope"):
    return Attack(
        name, Side.INTAKE, done, done_zh, refused=errors.ContentTampered, rule=rule, verb=REFUSED, means=means
    )


def payload(raw: bytes) -> int:
    """Where the chunks of an age file begin: after the header's MAC line and the 16 bytes of the file's nonce."""
    mac = raw.index(b"\n---") + 1
    return raw.index(b"\n", mac) + 1 + 16


def with_chunks_swapped(raw: bytes) -> bytes:
    start = payload(raw)
    first, second, rest = raw[start : start + CHUNK], raw[start + CHUNK : start + 2 * CHUNK], raw[start + 2 * CHUNK :]
    assert len(second) == CHUNK and rest, "the part must have more than two chunks"
    return raw[:start] + second + first + rest


def at_a_chunk(count: int):
    def cut(raw: bytes) -> bytes:
        end = payload(raw) + count * CHUNK
        assert len(raw) > end, "the part must be longer than that"
        return raw[:end]

    return cut


def with_bit_turned(position: int):
    def turn(raw: bytes) -> bytes:
        return raw[:position] + bytes([raw[position] ^ 1]) + raw[position:][1:]

    return turn


DAMAGES = {
    "bit flip": ("one bit of the ciphertext is turned", "密文中一個位元被翻轉", with_bit_turned(-40)),
    "bit flip in the envelope's header": (
        "one bit of the header is turned",
        "信封標頭一個位元被翻轉",
        with_bit_turned(30),
    ),
    "truncation by one byte": ("the last byte is missing", "少最後一個位元組", lambda raw: raw[:-1]),
    "truncation at a chunk boundary": (
        "the file ends exactly after a chunk of 64 KiB, every chunk of it authentic",
        "檔案恰於 64 KiB 區塊邊界截斷，每一區塊皆真",
        at_a_chunk(2),
    ),
    "truncation after the header": ("only the header is left", "僅餘標頭", lambda raw: raw[: payload(raw)]),
    "empty part": ("no byte is left", "分段為空", lambda raw: b""),
    "chunk swap": ("two chunks change places", "兩個區塊互換", with_chunks_swapped),
    "chunk left out": (
        "a chunk in the middle is missing",
        "缺中間一個區塊",
        lambda raw: raw[: payload(raw) + CHUNK] + raw[payload(raw) + 2 * CHUNK :],
    ),
    "trailing byte": ("one byte is added", "尾端多一個位元組", lambda raw: raw + b"\0"),
    "trailing envelope": ("the file stands there twice", "同一檔案接續兩次", lambda raw: raw + raw),
}


@attack(*(on_the_way(name, *words) for name, words in DAMAGES.items()))
def test_a_part_damaged_on_the_way(case, large):
    raw = large.part.read_bytes()
    changed = case.means(raw)
    assert changed != raw
    large.part.write_bytes(changed)
    refused_in_the_room(case, large, where="part-00000")


@attack(
    *(
        by_the_signer(f"{name}, signed", f"{done}, and the digest is signed anew", f"{zh}，並重新簽署摘要", means)
        for name, (done, zh, means) in DAMAGES.items()
        if name != "trailing envelope"  # refused for its size before it is opened: below
    ),
    by_the_signer(
        "part sealed to another key",
        "the part is sealed to a key that is not the submission's",
        "分段以非本批次之金鑰加密",
        lambda raw: seal_bytes(b"x" * 100, new_identity()[1]),
    ),
    by_the_signer(
        "part that was never sealed",
        "clear text lies where the envelope should",
        "分段未加密",
        lambda raw: b"PAR1 in clear",
    ),
)
def test_a_part_that_its_signer_damaged(case, large):
    """The digest holds: the envelope itself refuses, and not a byte of what could be opened stays."""
    large.replace_part(case.means(large.part.read_bytes()))
    refused_in_the_room(case, large, where="part-00000")


@attack(
    Attack(
        "envelope much larger than its content",
        Side.INTAKE,
        "a part is followed by a copy of itself, and the sizes are signed anew",
        "分段後接續自身副本，並重新簽署大小",
        refused=errors.ManifestMalformed,
        rule="sizes",
        verb=REFUSED,
    )
)
def test_an_envelope_much_larger_than_its_content(case, large):
    large.replace_part(large.part.read_bytes() * 2)
    refused_in_the_room(case, large, where="part-00000")


@attack(
    Attack(
        "digest fixed without signing again",
        Side.TRANSPORT,
        "a part is changed and its digest in the manifest is made to fit, under the old signature",
        "竄改分段並改清單摘要，但未重新簽章",
        refused=errors.SignatureRefused,
        rule="signature",
        verb=REFUSED,
    )
)
def test_a_digest_that_was_made_to_fit(case, waiting):
    changed = with_bit_turned(-40)(waiting.part.read_bytes())
    before = waiting.signed.manifest.parts[0].ciphertext_sha256
    waiting.part.write_bytes(changed)
    raw = (waiting.folder / "manifest.json").read_bytes()
    fitted = raw.replace(before.encode(), hashlib.sha256(changed).hexdigest().encode())
    assert fitted != raw
    waiting.write_manifest(fitted)
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "missing part",
        Side.TRANSPORT,
        "a part that the manifest names is not there",
        "缺少清單所列分段",
        refused=errors.ContentTampered,
        rule="parts",
        verb=REFUSED,
        means=lambda waiting: waiting.part.unlink(),
    ),
    Attack(
        "extra part",
        Side.TRANSPORT,
        "a file lies there that the manifest does not name",
        "多出清單未列之檔案",
        refused=errors.ContentTampered,
        rule="parts",
        verb=REFUSED,
        means=lambda waiting: (waiting.folder / "part-00001.parquet.age").write_bytes(b"x"),
    ),
    Attack(
        "file below the submission's folder",
        Side.TRANSPORT,
        "a file lies in a folder below the submission's",
        "批次資料夾下另有子資料夾與檔案",
        refused=errors.ContentTampered,
        rule="parts",
        verb=REFUSED,
        means=lambda waiting: below(waiting),
    ),
    Attack(
        "one part named twice",
        Side.INTAKE,
        "the manifest counts the same part two times",
        "清單重複列出同一分段",
        refused=errors.ContentTampered,
        rule="parts",
        verb=REFUSED,
        means=lambda waiting: waiting.sign_again(parts=waiting.signed.manifest.parts * 2, rows=6),
    ),
    Attack(
        "rows that do not add up",
        Side.INTAKE,
        "the parts' rows are not the sum that is signed",
        "各分段列數與總數不符",
        refused=errors.ManifestMalformed,
        rule="rows",
        verb=REFUSED,
        means=lambda waiting: waiting.sign_again(rows=4),
    ),
)
def test_parts_that_are_not_those_of_the_manifest(case, waiting):
    case.means(waiting)
    refused_in_the_room(case, waiting)


def below(waiting):
    (waiting.folder / "more").mkdir()
    (waiting.folder / "more" / "part-00001.parquet.age").write_bytes(b"x")


@attack(
    Attack(
        "part of an earlier submission",
        Side.INTAKE,
        "a part of an earlier submission is signed into a new one",
        "將先前批次之分段簽入新批次",
        refused=errors.ContentTampered,
        rule="envelope",
        verb=REFUSED,
    )
)
def test_a_part_of_an_earlier_submission(case, waiting):
    """Every submission has a key of its own: what was sealed for one does not open in another."""
    earlier = waiting.part.read_bytes()
    room = waiting.room
    room.take_in("808")
    later = waiting.send_next()
    assert later.part.read_bytes() != earlier
    later.replace_part(earlier)
    refused_in_the_room(case, later, where="part-00000")

"""The bytes of a manifest: one canonical form, known fields alone, and every other spelling refused before trust."""

import json

import pytest

from cleanroom import errors
from cleanroom.contracts.canonical import MANIFEST_DOMAIN, canonical_bytes
from cleanroom.contracts.manifest import MANIFEST_CAP_BYTES, SignedManifest
from tests.factories.attacks import Attack, Side, attack
from tests.factories.refusing import refused_in_the_room


def spelling(name, done, done_zh, means, *, rule="canonical_json", refused=errors.ManifestMalformed):
    return Attack(
        name, Side.TRANSPORT, done, done_zh, refused=refused, rule=rule, verb="submission.refused", means=means
    )


def field(name, done, done_zh, means, *, side=Side.INTAKE):
    rule = "manifest_schema"
    return Attack(
        name, side, done, done_zh, refused=errors.ManifestMalformed, rule=rule, verb="submission.refused", means=means
    )


def rows_as(text: bytes):
    return lambda raw: raw.replace(b'"rows":3', b'"rows":' + text)


@attack(
    spelling("empty manifest", "the manifest has no bytes", "清單為空檔", lambda raw: b""),
    spelling(
        "manifest that is no JSON", "text lies where the manifest should", "清單不是 JSON", lambda raw: b"PK\3\4 not"
    ),
    spelling("truncated manifest", "the manifest ends before its last brace", "清單於結尾前截斷", lambda raw: raw[:-1]),
    spelling(
        "duplicate key in the manifest",
        "one field stands twice with two values, so that two readers may see two manifests",
        "同一欄位出現兩次且值不同",
        lambda raw: raw.replace(b'"rows":3', b'"rows":3,"rows":4', 1),
    ),
    spelling("NaN in the manifest", "a count is NaN", "數值為 NaN", rows_as(b"NaN")),
    spelling("Infinity in the manifest", "a count is Infinity", "數值為 Infinity", rows_as(b"Infinity")),
    spelling("overflowing number in the manifest", "a count is 1e400", "數值為 1e400", rows_as(b"1e400")),
    spelling(
        "integer beyond 2^53 in the manifest",
        "a count is 2^53 + 1, which other readers round",
        "數值為 2^53+1，其他程式會捨入",
        rows_as(b"9007199254740993"),
    ),
    spelling(
        "integer of 100,000 digits in the manifest",
        "a count is as long as a book",
        "數值長達十萬位",
        rows_as(b"9" * 100_000),
    ),
    spelling(
        "lone surrogate in the manifest",
        "a text holds half a character",
        "文字含不成對之代理字元",
        lambda raw: raw.replace(b'"Asia/Taipei"', b'"\\ud800"'),
    ),
    spelling("manifest nested 100,000 deep", "brackets without end", "巢狀十萬層", lambda raw: b"[" * 100_000),
    spelling("manifest that is not UTF-8", "bytes that no text has", "清單非 UTF-8", lambda raw: b"\xff\xfe\x00"),
    spelling(
        "byte order mark before the manifest",
        "three bytes in front",
        "清單前有位元組順序記號",
        lambda raw: b"\xef\xbb\xbf" + raw,
    ),
    spelling(
        "blank in the manifest",
        "the same JSON with a blank",
        "相同 JSON 多一空白",
        lambda raw: raw.replace(b":", b": ", 1),
    ),
    spelling("line break after the manifest", "one byte more", "清單後多一換行", lambda raw: raw + b"\n"),
    spelling(
        "escaped letter in the manifest",
        "a letter is written as an escape",
        "字母改以跳脫字元書寫",
        lambda raw: raw.replace(b'"transfers"', b'"\\u0074ransfers"'),
    ),
    spelling(
        "manifest over its cap",
        "a manifest of more than 1 MiB",
        "清單超過 1 MiB",
        lambda raw: raw + b" " * MANIFEST_CAP_BYTES,
        refused=errors.TooLarge,
        rule="size_cap",
    ),
)
def test_a_manifest_in_other_bytes(case, waiting):
    raw = (waiting.folder / "manifest.json").read_bytes()
    changed = case.means(raw)
    assert changed != raw
    waiting.write_manifest(changed)
    refused_in_the_room(case, waiting)


def setting(*path, to):
    def change(manifest):
        *outer, last = path
        for key in outer:
            manifest = manifest[key]
        manifest[last] = to

    return change


@attack(
    field("field that nobody agreed on", "an unknown field is signed", "清單含未約定欄位", setting("note", to="x")),
    field(
        "algorithm chosen by the sender",
        "a field `alg: none` asks for no signature check",
        "以 alg: none 要求不驗章",
        setting("alg", to="none"),
    ),
    field(
        "downgraded hash scheme",
        "the manifest names a scheme without a key",
        "降級為無金鑰之雜湊方法",
        setting("scheme", to="sha256"),
    ),
    field("older form of the manifest", "version 0 is claimed", "宣稱舊版清單", setting("manifest_version", to=0)),
    field(
        "truth for the number one",
        "the version is `true`, which equals 1 for some readers",
        "版本以真值 true 代替 1",
        setting("manifest_version", to=True),
    ),
    field("newer form of the manifest", "version 2 is claimed", "宣稱新版清單", setting("manifest_version", to=2)),
    field("count as text", "a count is a text", "列數為文字", setting("rows", to="3")),
    field("negative count", "a count is below zero", "列數為負", setting("rows", to=-3)),
    field("count as a fraction", "a count is 3.5", "列數為小數", setting("rows", to=3.5)),
    field("count as a truth", "a count is true", "列數為真值", setting("rows", to=True)),
    field("sequence number 0", "numbers begin with 1", "序號為零", setting("sequence", to=0)),
    field("no parts", "the manifest names no part", "清單未列任何分段", setting("parts", to=[])),
    field(
        "path traversal in a part's name",
        "a part is called ../../keys/room/ring.age",
        "分段名稱含路徑穿越",
        setting("parts", 0, "name", to="../../keys/room/ring.age"),
    ),
    field(
        "absolute path as a part's name",
        "a part is called /etc/passwd",
        "分段名稱為絕對路徑",
        setting("parts", 0, "name", to="/etc/passwd"),
    ),
    field(
        "line break in a part's name",
        "a part's name ends in a line break",
        "分段名稱含換行",
        setting("parts", 0, "name", to="part-00000.parquet.age\n"),
    ),
    field(
        "path traversal in the participant",
        "the participant is called ../822",
        "機構代碼含路徑穿越",
        setting("participant", to="../822"),
    ),
    field(
        "digest in capitals",
        "a digest is spelt in another way",
        "摘要以大寫書寫",
        setting("parts", 0, "plaintext_sha256", to="A" * 64),
    ),
    field(
        "time in another spelling",
        "the time of making is written with an offset of zero",
        "時間以另一寫法表示",
        setting("created_at", to="2025-05-01T00:00:00+00:00"),
    ),
    field(
        "more than 1,000 parts",
        "the manifest names 1,001 parts",
        "清單列出 1,001 個分段",
        lambda manifest: manifest.update(
            parts=[{**manifest["parts"][0], "name": f"part-{n:05d}.parquet.age"} for n in range(1001)]
        ),
    ),
    field(
        "day that does not exist",
        "the period begins on 30 February",
        "期間起日不存在",
        setting("period", "first", to="2025-02-30"),
    ),
)
def test_a_signed_manifest_with_other_fields(case, waiting):
    value = json.loads((waiting.folder / "manifest.json").read_bytes())
    before = json.dumps(value)
    case.means(value["manifest"])
    assert json.dumps(value) != before
    value["signature"] = waiting.room.ring_of("808").sign(MANIFEST_DOMAIN, canonical_bytes(value["manifest"]))
    waiting.write_manifest(canonical_bytes(value))
    refused_in_the_room(case, waiting)


@pytest.mark.parametrize("field_name", sorted(SignedManifest.model_fields))
def test_a_missing_outer_field_is_malformed(waiting, field_name):
    value = json.loads((waiting.folder / "manifest.json").read_bytes())
    del value[field_name]
    with pytest.raises(errors.ManifestMalformed, match="manifest_schema"):
        SignedManifest.from_bytes(canonical_bytes(value))

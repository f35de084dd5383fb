"""Whose rows, whose accounts, under whose key: nobody speaks for another institution."""

from cleanroom import errors
from cleanroom.vocabulary.terms import UploadState
from tests.factories.attacks import Attack, Side, attack
from tests.factories.refusing import refused_in_the_room
from tests.factories.tampering import Waiting, with_column

REFUSED = "submission.refused"


def foreign(rows):
    count = rows.num_rows
    return with_column(
        with_column(rows, "sender_institution", ["822"] * count), "receiver_institution", ["700"] * count
    )


@attack(
    Attack(
        "unknown institution in the rows",
        Side.INTAKE,
        "rows name a code that no institution has",
        "列中機構代碼不存在",
        refused=errors.UnknownInstitution,
        rule="known_institution",
        verb=REFUSED,
        means=(
            lambda rows: with_column(rows, "receiver_institution", ["822", "998", "997"]),
            "receiver_institution",
            2,
        ),
    ),
    Attack(
        "rows of other institutions",
        Side.INTAKE,
        "the uploader is a party of none of the transfers",
        "上傳機構並非交易任一方",
        refused=errors.NotTheOwner,
        rule="owner",
        verb=REFUSED,
        means=(foreign, "sender_institution", 1),
    ),
    Attack(
        "one row of other institutions among own",
        Side.INTAKE,
        "a transfer between two others is hidden among one's own",
        "自有交易中夾帶他機構間之交易",
        refused=errors.NotTheOwner,
        rule="owner",
        verb=REFUSED,
        means=(
            lambda rows: with_column(
                with_column(rows, "sender_institution", ["808", "822", "808"]),
                "receiver_institution",
                ["822", "700", "808"],
            ),
            "sender_institution",
            2,
        ),
    ),
)
def test_rows_of_somebody_else(case, waiting):
    change, column, row = case.means
    waiting.replace_rows(change)
    error = refused_in_the_room(case, waiting, where=column)
    assert (error.where.column, error.where.row) == (column, row)


@attack(
    Attack(
        "another bank's accounts claimed as own",
        Side.INTAKE,
        "a bank declares, with handles of its own, accounts that another bank keeps: warnings would come to it",
        "將他行帳戶宣告為自有，企圖攔截預警",
        refused=errors.NotTheOwner,
        rule="kept_elsewhere",
        verb=REFUSED,
    )
)
def test_an_account_that_another_participant_keeps(case, clean_room):
    for code in ("808", "822"):
        data = clean_room.data[code]
        for name in set(data.rows) - {"accounts"}:
            (data.folder / f"{name}.{data.form['format']}").unlink()
        data.rows = {"accounts": data.rows["accounts"]}
        data.write()
        clean_room.seal(code)
    clean_room.take_in("808")
    own, other = Waiting(clean_room, "822", "accounts"), Waiting(clean_room, "808", "accounts")
    stolen = other.rows()["account_t1"].to_pylist()
    own.replace_rows(lambda rows: with_column(rows, "account_t1", stolen))
    refused_in_the_room(case, own)


@attack(
    Attack(
        "hashed under another first-hash key",
        Side.KEYS,
        "a participant hashes under a key that was not agreed on, and says so",
        "以非約定之第一階段金鑰計算 Hash",
        refused=errors.CanaryMismatch,
        rule="hash_kid",
        verb=REFUSED,
        means=lambda manifest: {"hash_kid": "k1-0000000000000000"},
    ),
    Attack(
        "wrong first-hash key or normaliser, caught by canary",
        Side.KEYS,
        "the key id is right, and the dummy identifiers hash to something else",
        "金鑰代號正確但測試識別碼之 Hash 不符",
        refused=errors.CanaryMismatch,
        rule="canaries",
        verb=REFUSED,
        means=lambda manifest: {"canaries": dict.fromkeys(manifest.canaries, "0" * 64)},
    ),
    Attack(
        "algorithm downgrade to another agreed scheme",
        Side.KEYS,
        "the manifest names the other hashing scheme than the participants agreed on",
        "清單改用非約定之雜湊方法",
        refused=errors.KeyRefused,
        rule="scheme",
        verb=REFUSED,
        means=lambda manifest: {"scheme": "r255-rekey-v1", "hash_kid": "r1-0000000000000000"},
    ),
    Attack(
        "key of another scheme",
        Side.KEYS,
        "the key id belongs to another scheme than the manifest names",
        "金鑰代號屬於另一雜湊方法",
        refused=errors.KeyRefused,
        rule="scheme",
        verb=REFUSED,
        means=lambda manifest: {"hash_kid": "r1-0000000000000000"},
    ),
    Attack(
        "canary left out",
        Side.KEYS,
        "one of the dummy identifiers is not shown",
        "缺少一個測試識別碼",
        refused=errors.CanaryMismatch,
        rule="canaries",
        verb=REFUSED,
        means=lambda manifest: {"canaries": dict(list(manifest.canaries.items())[1:])},
    ),
)
def test_another_first_hash_than_agreed(case, waiting):
    waiting.sign_again(**case.means(waiting.signed.manifest))
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "rows that break a rule of the gate",
        Side.INTAKE,
        "amounts of zero and below, past the institution's own gate",
        "繞過機構端檢核，金額為零或負",
        refused=errors.QualityGateFailed,
        rule="amount_twd.minimum",
        verb="submission.quarantined",
    )
)
def test_a_rule_of_the_gate_in_the_room(case, waiting):
    waiting.replace_rows(lambda rows: with_column(rows, "amount_cents", [100, 0, -5]))
    refused_in_the_room(case, waiting, state=UploadState.QUARANTINED)
    [report] = waiting.room.portal.uploads("808")
    broken = [r for r in report.quality if not r.passed and r.severity == "fail"]
    assert [(r.column, r.failed_rows, r.row_numbers) for r in broken] == [("amount_twd", 2, (2, 3))]

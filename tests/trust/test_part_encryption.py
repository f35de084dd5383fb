"""A part that is encrypted once more, inside: the library ends the process where such a column is only asked about."""

from cleanroom import errors
from tests.factories.attacks import Attack, Side, attack
from tests.factories.encrypted_parquet import encrypted_parquet
from tests.factories.refusing import refused_in_the_room


def encrypted(name, done, done_zh, **how):
    return Attack(
        name, Side.INTAKE, done, done_zh, refused=errors.ContentTampered, rule="parquet", verb="submission.refused",
        means=how,
    )  # fmt: skip


@attack(
    encrypted("part with encrypted columns and a readable footer",
              "the columns are encrypted, the footer is not: reading it ended the whole process",
              "欄位另經加密而檔尾可讀，曾使程式中止", plain_footer=True),
    encrypted("part with one encrypted column", "one column is encrypted, the footer is not",
              "其中一欄另經加密而檔尾可讀", plain_footer=True, columns=["channel"]),
    encrypted("part with an encrypted footer", "the table and its footer are encrypted", "資料表及檔尾均另經加密",
              plain_footer=False),
)  # fmt: skip
def test_a_table_that_is_encrypted_once_more(case, waiting):
    waiting.replace_rows(lambda rows: encrypted_parquet(rows, **case.means))
    refused_in_the_room(case, waiting)

"""What each rule of sealing asks, and what its reader should do, in plain words and in both languages.

One table: a rule that sealing raises and that has no sentence here fails a test. The rules of the quality gate bring
their sentences along in their suites (`quality.gate.rule_sentences`), those of drift in `quality.drift`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cleanroom.quality.drift import THRESHOLDS
from cleanroom.settings import CHINESE
from cleanroom.vocabulary.terms import Dataset


@dataclass(frozen=True)
class Sentence:
    """`asks`: what the rule wants. `do`: what the person does now."""

    asks_en: str
    asks_zh: str
    do_en: str
    do_zh: str

    def asks(self, language: str) -> str:
        return self.asks_zh if language == CHINESE else self.asks_en

    def do(self, language: str) -> str:
        return self.do_zh if language == CHINESE else self.do_en


_CORRECT = ("Correct these rows where they come from, write the file again, and run again.",
            "請於來源系統更正這些資料列，重新產出檔案後再執行。")  # fmt: skip
_LOOK = ("Nothing is refused. Look whether this is right; if it is, leave it.",
         "不影響上傳。請確認內容是否正確；若正確則無須處理。")  # fmt: skip
_EXPORT = ("Write the file again with the program that made it, and run again.",
           "請以產出程式重新產出檔案後再執行。")  # fmt: skip
_DECLARE = ("Correct institution.json, and run again.", "請更正 institution.json 後再執行。")
_HEADER = ("Give the file the header of the specification's template, and run again.",
           "請依資料規格範本修正欄位名稱後再執行。")  # fmt: skip
_ENCODING = ("Declare the file's real encoding in institution.json, or write the file again in the declared one.",
             "請於 institution.json 申報實際編碼，或以申報之編碼重新產出檔案。")  # fmt: skip

_FILE: Mapping[str, Sentence] = {
    "encoding": Sentence(
        "A CSV file needs a declared encoding: utf-8 or cp950.", "CSV 檔案須申報編碼：utf-8 或 cp950。", *_DECLARE
    ),
    "declared_encoding": Sentence(
        "Every byte must be what the declared encoding allows; a row that cannot be read may also hold a null byte.",
        "檔案之每一位元組須符合申報之編碼；無法讀取之列亦可能含有空字元。",
        *_ENCODING,
    ),
    "csv_form": Sentence(
        "The file must be a table: commas, quotes in pairs, one header, rows of reasonable size.",
        "檔案須為表格：以逗號分隔、引號成對、含一列欄名，且各列大小合理。",
        *_EXPORT,
    ),
    "query_form": Sentence(
        "The query must be one SELECT that the database takes, in a text file in UTF-8.",
        "查詢須為資料庫可執行之單一 SELECT，並存為 UTF-8 文字檔。",
        "Try the query in the database's own tool with the same user, correct it, and run again.",
        "請以同一使用者於資料庫工具中測試查詢，更正後再執行。",
    ),
    "query_type": Sentence(
        "Every column of a query must be text, a whole number, a decimal, a yes or no, a day or a time.",
        "查詢各欄須為文字、整數、十進位數、是否值、日期或時間。",
        "Cast the column in the query to one of these types, and run again.",
        "請於查詢中將該欄轉換為上述型別後再執行。",
    ),
    "parquet_form": Sentence(
        "The file must be a whole, undamaged and unencrypted Parquet file.",
        "檔案須為完整、未毀損且未加密之 Parquet 檔。",
        *_EXPORT,
    ),
    "parquet_type": Sentence(
        "A Parquet column must hold simple values: text, numbers, times, true or false.",
        "Parquet 欄位須為單純型別：文字、數字、時間或布林值。",
        *_EXPORT,
    ),
    "no_floating_point": Sentence(
        "Floating point cannot hold numbers exactly.",
        "浮點數無法精確表示數值。",
        "Store the column as decimal, integer or text, and run again.",
        "請將該欄改存為 decimal、整數或文字後再執行。",
    ),
    "missing_column": Sentence(
        "Every column of the specification must be there.", "須有資料規格之所有欄位。", *_HEADER
    ),
    "unknown_column": Sentence(
        "Only the specification's columns may be there; another one might name people.",
        "僅得有資料規格之欄位；其他欄位可能含有個人資料。",
        *_HEADER,
    ),
    "repeated_column": Sentence("Each column must be there once.", "每一欄位僅得出現一次。", *_HEADER),
    "file_kind": Sentence(
        "A data file must be an ordinary file in the folder: no link, pipe or device.",
        "資料檔須為資料夾內之一般檔案，不得為連結、管道或裝置。",
        "Copy the file itself into the folder, and run again.",
        "請將檔案本身複製至資料夾後再執行。",
    ),
    "file_missing": Sentence(
        "The declaration and every file that it names must be in the folder.",
        "資料夾內須有申報檔及其所列之每一檔案。",
        "Put the file into the folder or take it out of the declaration, and run again.",
        "請將檔案放入資料夾或自申報檔移除後再執行。",
    ),
    "parts": Sentence(
        "A submission has at most 1,000 parts of 250,000 rows.",
        "每次上傳至多 1,000 個分割檔，每檔 250,000 列。",
        "Split the period into two and send each by itself.",
        "請將期間拆為兩段，分次上傳。",
    ),
    "file_changed": Sentence(
        "A file must not change while it is read.",
        "讀取期間檔案不得變更。",
        "Wait until the file is written completely, and run again.",
        "請待檔案寫入完成後再執行。",
    ),
    "undeclared_file": Sentence(
        "Every dataset's file in the folder must be declared.",
        "資料夾內之每一資料檔均須申報。",
        "Declare the file in institution.json or take it out of the folder, and run again.",
        "請於 institution.json 申報該檔案，或自資料夾移除後再執行。",
    ),
    "declaration": Sentence(
        "institution.json must have the agreed form.", "institution.json 須符合約定格式。", *_DECLARE
    ),
    "period": Sentence(
        "The period must be two days, the second not before the first.",
        "期間須為起訖兩日，訖日不得早於起日。",
        *_DECLARE,
    ),
    "receipt_schema": Sentence(
        "The room's receipt must have its form.",
        "無塵室之收據須符合其格式。",
        "Keep the receipt and call the clean room's operator.",
        "請保留收據並聯繫無塵室維運人員。",
    ),
    "folder_institution": Sentence(
        "The folder must be the uploading institution's own.",
        "資料夾須屬於上傳機構。",
        "Choose the folder of your own institution, and run again.",
        "請改用貴機構之資料夾後再執行。",
    ),
}

_ROWS: Mapping[str, Sentence] = {
    "column_count": Sentence(
        "Every row must have as many values as the header has names.", "每列之值數須與欄名數相同。", *_CORRECT
    ),
    "required": Sentence("This value must be given.", "此欄不得空白。", *_CORRECT),
    "text_form": Sentence(
        "Text must have the agreed length and form, without control characters.",
        "文字須符合約定之長度與格式，且不得含控制字元。",
        *_CORRECT,
    ),
    "timestamp_form": Sentence(
        "A time must exist, in the declared calendar's form: 2025-04-01T09:30:00+08:00 or 114/04/01 09:30:00.",
        "時間須確實存在並符合申報之曆法格式，例如 2025-04-01T09:30:00+08:00 或 114/04/01 09:30:00。",
        *_CORRECT,
    ),
    "date_form": Sentence(
        "A day must exist and have the declared calendar's form, such as 2025-04-01 or 114/04/01.",
        "日期須確實存在並符合申報之曆法格式，例如 2025-04-01 或 114/04/01。",
        *_CORRECT,
    ),
    "decimal_form": Sentence(
        "An amount is digits with at most two decimals: no sign, comma, currency or exponent.",
        "金額須為數字，至多兩位小數，不得含正負號、千分位、幣別或科學記號。",
        *_CORRECT,
    ),
    "boolean_form": Sentence("This value must be true or false.", "此欄須為 true 或 false。", *_CORRECT),
    "integer_form": Sentence("This value must be a whole number.", "此欄須為整數。", *_CORRECT),
    "one_of": Sentence("This value must be one of the agreed words.", "此欄須為約定代碼之一。", *_CORRECT),
    "exclusive_minimum": Sentence("This value must be greater than its limit.", "此值須大於下限。", *_CORRECT),
    "minimum": Sentence("This value must not be below its limit.", "此值不得小於下限。", *_CORRECT),
    "known_institution": Sentence(
        "The institution code must be one that the participants know.", "機構代碼須為已知代碼。", *_CORRECT
    ),
    "owner": Sentence(
        "The uploading institution must be a party of every row.", "上傳機構須為每列之當事機構。", *_CORRECT
    ),
}

_IDENTIFIERS: Mapping[str, Sentence] = {
    "identifier_empty": Sentence("An identifier must not be empty.", "識別碼不得空白。", *_CORRECT),
    "identifier_text": Sentence(
        "An identifier has at most 254 characters and no control characters.",
        "識別碼至多 254 字，且不得含控制字元。",
        *_CORRECT,
    ),
    "identifier_kind": Sentence(
        "An identifier's kind must be one that the specification knows.", "識別碼種類須為資料規格所列。", *_CORRECT
    ),
    "account_institution": Sentence(
        "An account needs its three-digit institution code.", "帳號須有三碼機構代碼。", *_CORRECT
    ),
    "account_digits": Sentence("An account number is 6 to 16 digits.", "帳號須為 6 至 16 位數字。", *_CORRECT),
    "national_id_form": Sentence(
        "A national id or resident certificate is a letter, then nine characters of its form.",
        "身分證字號或居留證號須為一個英文字母及其後九碼。",
        *_CORRECT,
    ),
    "national_id_checksum": Sentence(
        "A national id or resident certificate must keep its checksum; look for a digit that was mistyped.",
        "身分證字號或居留證號檢查碼不符，請檢查是否誤植。",
        *_CORRECT,
    ),
    "business_no_form": Sentence("A business number is 8 digits.", "統一編號須為 8 位數字。", *_CORRECT),
    "business_no_checksum": Sentence(
        "A business number must keep its checksum; look for a digit that was mistyped.",
        "統一編號檢查碼不符，請檢查是否誤植。",
        *_CORRECT,
    ),
    "phone_form": Sentence(
        "A phone number must be one that can be written in E.164 form, such as +886912345678 or 0912-345-678.",
        "電話號碼須可轉為 E.164 格式，例如 +886912345678 或 0912-345-678。",
        *_CORRECT,
    ),
    "email_form": Sentence("An e-mail address has the form name@domain.", "電子郵件須為 名稱@網域 格式。", *_CORRECT),
}

RULES: Mapping[str, Sentence] = {**_FILE, **_ROWS, **_IDENTIFIERS}


def sentence_of(rule: str, *, dataset: Dataset, severity: str) -> Sentence:
    """The words of a rule of sealing, of drift or of the dataset's suite; the rule's own name where none has any."""
    return RULES.get(rule) or Sentence(*_gate_words(rule, dataset), *(_LOOK if severity == "warn" else _CORRECT))


def _gate_words(rule: str, dataset: Dataset) -> tuple[str, str]:
    from cleanroom.quality.gate import rule_sentences

    if rule in THRESHOLDS:
        return THRESHOLDS[rule].en, THRESHOLDS[rule].zh_hant
    return rule_sentences("sealing", dataset).get(rule, (rule, rule))

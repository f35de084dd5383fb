"""Rules over several columns of one row, as named boolean columns that a suite can expect to be true.

Great Expectations compares one column with constants; these rules compare columns with each other. Each function
takes `column(name)`, which gives the column of that field of the specification at either gate, and `facts` of the
submission, and answers per row: true, false, or null where the rule does not apply.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.vocabulary.terms import Dataset

Column = Callable[[str], pa.ChunkedArray]
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """`column`: the field that a person should look at first."""

    name: str
    dataset: Dataset
    column: str
    severity: str
    en: str
    zh_hant: str
    holds: Callable[[Column, Facts], pa.ChunkedArray]

    @property
    def check_column(self) -> str:
        return f"check_{self.name}"


def _uploader_is_party(column: Column, facts: Facts) -> pa.ChunkedArray:
    sends = pc.equal(column("sender_institution"), facts["participant"])
    receives = pc.equal(column("receiver_institution"), facts["participant"])
    return pc.or_kleene(sends, receives)


def _ends_differ(column: Column, facts: Facts) -> pa.ChunkedArray:
    same_institution = pc.equal(column("sender_institution"), column("receiver_institution"))
    same_account = pc.equal(column("sender_account"), column("receiver_account"))
    return pc.invert(pc.and_kleene(same_institution, same_account))


def _interbank_has_reference(column: Column, facts: Facts) -> pa.ChunkedArray:
    interbank = pc.not_equal(column("sender_institution"), column("receiver_institution"))
    return pc.or_kleene(pc.invert(interbank), _filled(column("clearing_ref")))


def _lawful_agency(column: Column, facts: Facts) -> pa.ChunkedArray:
    lists = pc.and_kleene(_is(column("list"), "watch_listed"), _is(column("event"), "listed", "extended"))
    return pc.or_kleene(pc.invert(lists), _is(column("agency"), "court", "prosecutor", "police"))


def _subject_fits_list(column: Column, facts: Facts) -> pa.ChunkedArray:
    person = pc.equal(column("subject_kind"), "person")
    either = _is(column("list"), "suspicious")
    return pc.or_kleene(either, pc.equal(person, _is(column("list"), "admonished")))


def _derived_names_parent(column: Column, facts: Facts) -> pa.ChunkedArray:
    derived = pc.and_kleene(_is(column("list"), "derived"), _is(column("event"), "listed"))
    return pc.or_kleene(pc.invert(derived), _filled(column("parent_case")))


def _lifted_after_listed(column: Column, facts: Facts) -> pa.ChunkedArray:
    return pc.greater_equal(column("lifted_at"), column("listed_at"))


def _held_to_after_from(column: Column, facts: Facts) -> pa.ChunkedArray:
    return pc.greater_equal(column("held_to"), column("held_from"))


def _account_names_institution(column: Column, facts: Facts) -> pa.ChunkedArray:
    return pc.or_kleene(pc.not_equal(column("asset_kind"), "account"), _filled(column("asset_institution")))


def _parties_differ(column: Column, facts: Facts) -> pa.ChunkedArray:
    return pc.not_equal(column("caller"), column("callee"))


def _message_has_no_duration(column: Column, facts: Facts) -> pa.ChunkedArray:
    return pc.or_kleene(pc.not_equal(column("kind"), "sms"), pc.equal(column("duration_s"), 0))


def _filled(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.not_equal(values, ""), False)


def _is(values: pa.ChunkedArray, *wanted: str) -> pa.ChunkedArray:
    return pc.is_in(values, value_set=pa.array(wanted, pa.string()))


CHECKS = (
    Check(
        "uploader_is_party",
        Dataset.TRANSFERS,
        "sender_institution",
        "fail",
        "The uploading institution must be the sender's or the receiver's.",
        "上傳機構須為轉出或轉入機構。",
        _uploader_is_party,
    ),
    Check(
        "ends_differ",
        Dataset.TRANSFERS,
        "receiver_account",
        "warn",
        "A transfer from an account to itself leads nowhere; look whether it is one.",
        "轉出與轉入為同一帳戶，請確認是否為轉帳。",
        _ends_differ,
    ),
    Check(
        "interbank_has_reference",
        Dataset.TRANSFERS,
        "clearing_ref",
        "warn",
        "An interbank transfer without its clearing reference can be joined by time and amount only.",
        "跨行轉帳缺清算參考號，僅能以時間與金額比對。",
        _interbank_has_reference,
    ),
    Check(
        "lawful_agency",
        Dataset.LIST_EVENTS,
        "agency",
        "fail",
        "Only a court, a prosecutor or the judicial police can watch-list an account or extend that.",
        "僅法院、檢察署或司法警察機關得通報或延長警示帳戶。",
        _lawful_agency,
    ),
    Check(
        "subject_fits_list",
        Dataset.LIST_EVENTS,
        "subject_kind",
        "fail",
        "An admonition follows a person; watch-listed and derived are accounts.",
        "告誡之對象為人，警示與衍生管制之對象為帳戶。",
        _subject_fits_list,
    ),
    Check(
        "derived_names_parent",
        Dataset.LIST_EVENTS,
        "parent_case",
        "warn",
        "A derived controlled account should name the case from which it follows.",
        "衍生管制帳戶應載明其上層案號。",
        _derived_names_parent,
    ),
    Check(
        "lifted_after_listed",
        Dataset.CROSS_INDUSTRY_LIST,
        "lifted_at",
        "fail",
        "Nothing is lifted before it was listed.",
        "解除時間不得早於列入時間。",
        _lifted_after_listed,
    ),
    Check(
        "held_to_after_from",
        Dataset.HOLDINGS,
        "held_to",
        "fail",
        "Nothing is given up before it was held.",
        "迄日不得早於起日。",
        _held_to_after_from,
    ),
    Check(
        "account_names_institution",
        Dataset.HOLDINGS,
        "asset_institution",
        "fail",
        "An account is an asset only together with its institution.",
        "資產為帳戶時須載明其機構代碼。",
        _account_names_institution,
    ),
    Check(
        "parties_differ",
        Dataset.CONTACTS,
        "callee",
        "warn",
        "A number that calls itself links nobody.",
        "發話與受話為同一號碼。",
        _parties_differ,
    ),
    Check(
        "message_has_no_duration",
        Dataset.CONTACTS,
        "duration_s",
        "warn",
        "A message lasts 0 seconds.",
        "簡訊之秒數應為 0。",
        _message_has_no_duration,
    ),
)


def checks_of(dataset: Dataset) -> tuple[Check, ...]:
    return tuple(c for c in CHECKS if c.dataset == dataset)

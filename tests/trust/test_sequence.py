"""Numbers, periods and clocks: what came before does not come again, and nothing comes out of its time."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from cleanroom import errors
from cleanroom.pipeline.intake import lock
from cleanroom.vocabulary.terms import UploadState
from tests.factories.attacks import Attack, Side, attack
from tests.factories.months import in_month
from tests.factories.refusing import refused_in_the_room
from tests.factories.tampering import Waiting, with_column

REFUSED = "submission.refused"


def out_of_time(name, done, done_zh, rule, made):
    return Attack(
        name, Side.INTAKE, done, done_zh, refused=errors.SubmissionExpired, rule=rule, verb=REFUSED, means=made
    )


def replayed(name, done, done_zh, rule, means=None):
    return Attack(
        name, Side.INTAKE, done, done_zh, refused=errors.SequenceReplayed, rule=rule, verb=REFUSED, means=means
    )


@attack(
    out_of_time(
        "clock ahead", "the submission is dated 11 minutes ahead", "批次時間超前 11 分鐘", "clock_skew",
        timedelta(minutes=11),
    ),
    out_of_time(
        "dated in the year 9999", "the submission is dated at the end of time", "批次時間為西元 9999 年", "clock_skew",
        datetime.max.replace(tzinfo=UTC, microsecond=0) - datetime.now(UTC).replace(microsecond=0) - timedelta(days=2),
    ),
    out_of_time(
        "expired submission", "the submission was made 31 days ago and kept back", "批次製作已逾 30 日", "expired",
        -timedelta(days=31),
    ),
)  # fmt: skip
def test_a_submission_out_of_its_time(case, waiting):
    waiting.sign_again(created_at=datetime.now(UTC).replace(microsecond=0) + case.means)
    refused_in_the_room(case, waiting)


@pytest.fixture
def landed(waiting):
    """Transfers of April have landed as number 1."""
    waiting.room.take_in("808")
    return waiting


@attack(
    replayed(
        "number used again with other content",
        "the same number comes with other content",
        "同一序號再送不同內容",
        "sequence",
    )
)
def test_a_number_used_again_with_other_content(case, landed):
    first = landed.place
    again = landed.under_another_key()
    assert again.place != first
    refused_in_the_room(case, again)
    assert landed.room.names(f"receipts/{first}/") == [f"receipts/{first}/accepted.json"]


def may(landed, **changes) -> Waiting:
    in_month(landed.room.data["808"], 5)
    landed.room.seal("808")
    second = Waiting(landed.room, "808", "transfers", 2)
    if changes:
        second.sign_again(**changes)
    return second


@attack(
    replayed(
        "replay of last month under a new number",
        "days that landed before are signed again as a new submission",
        "將已入庫之期間以新序號重送",
        "period_overlap",
        lambda landed: {"period": landed.signed.manifest.period},
    ),
    replayed(
        "superseding what is not there",
        "a submission claims to replace one that never landed",
        "宣稱取代不存在之批次",
        "supersedes",
        lambda landed: {"supersedes": "a" * 64},
    ),
)
def test_a_period_or_a_claim_that_does_not_fit(case, landed):
    refused_in_the_room(case, may(landed, **case.means(landed)))


@attack(
    Attack(
        "replay of last month's signed files",
        Side.TRANSPORT,
        "the signed files of an accepted submission are copied into the folder of the next number",
        "將已收件批次之簽章檔複製至下一序號",
        refused=errors.ManifestMalformed,
        rule="path",
        verb=REFUSED,
    )
)
def test_replayed_files_under_a_new_number(case, landed):
    store = landed.room.settings.objects_dir / "inbox"
    replay = Waiting(landed.room, "808", "transfers", 2)
    target = store / replay.number / landed.folder.name
    target.mkdir(parents=True)
    for path in landed.folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    room, before, known = landed.room, landed.room.landed(), len(landed.room.room_events())
    with case.refuses():
        room.take_in("808")
    case.recorded(room.room_events()[known:], place=replay.place)
    assert room.landed() == before
    assert [report.state for report in room.portal.uploads("808")] == [UploadState.ACCEPTED]
    assert room.names(f"receipts/{replay.place}/") == [f"receipts/{replay.place}/refused.json"]


@attack(
    Attack(
        "same submission again",
        Side.TRANSPORT,
        "the very same files are put there once more",
        "完全相同之檔案再次上傳",
        outcome="nothing lands twice; no second event",
        outcome_zh="不重複入庫，亦無第二筆事件",
    )
)
def test_the_same_files_again(case, landed):
    room = landed.room
    before = room.landed(), len(room.room_events()), room.names("receipts/")
    for path in landed.folder.iterdir():
        room.objects.put_bytes(f"inbox/{landed.place}/{path.name}", path.read_bytes())
    assert room.take_in("808").detail["landed"] == 0
    assert (room.landed(), len(room.room_events()), room.names("receipts/")) == before
    case.held()


@attack(
    Attack(
        "same place with other content",
        Side.TRANSPORT,
        "another content is written where an object lies",
        "以不同內容覆寫既有物件",
        refused=errors.NotAllowed,
        rule="write_once",
    )
)
def test_an_object_is_never_overwritten(case, landed):
    before = landed.part.read_bytes()
    with case.refuses():
        landed.room.objects.put_bytes(f"inbox/{landed.place}/{landed.part.name}", b"other")
    assert landed.part.read_bytes() == before


def in_processes(count: int, work) -> list[int]:
    """Exit statuses of so many processes that do the same at once."""
    children = []
    for _ in range(count):
        child = os.fork()
        if child == 0:
            try:
                work()
                os._exit(0)
            except BaseException:
                os._exit(99)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


@attack(
    Attack(
        "ten identical submissions at once",
        Side.INTAKE,
        "ten processes seal and send the same file and take it in, all at once",
        "十個程序同時封裝、上傳並收件同一檔案",
        outcome="one lands; one event, one receipt",
        outcome_zh="僅入庫一次，一筆事件、一份回執",
    )
)
@pytest.mark.slow
def test_ten_at_once(case, waiting):
    room = waiting.room
    waiting.send_again_from_nothing()

    def work():
        room.seal("808")
        room.take_in("808")

    assert in_processes(10, work) == [0] * 10
    assert room.landed()["landing.transfers"] == 3
    assert room.landed()["landing.submissions"] == 1
    assert [e.verb for e in room.room_events()].count("submission.accepted") == 1
    assert room.names("receipts/") == [f"receipts/{waiting.place}/accepted.json"]
    assert len(room.names("inbox/")) == 2
    case.held()


@attack(
    Attack(
        "two takes-in at once",
        Side.INTAKE,
        "a second take-in begins while the first is at work, and does not end in time",
        "前一收件未完成時又啟動第二個收件",
        refused=errors.WarehouseFault,
        rule="take_in_lock",
    )
)
def test_a_second_take_in_says_that_one_is_at_work(case, waiting, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    room = waiting.room
    with lock.only_one(room.settings), case.refuses():
        room.take_in("808")
    assert room.room_events() == []
    assert room.take_in("808").detail["landed"] == 1


def with_strangers(rows, count: int):
    """`count` transfers to accounts that nobody has named."""
    import pyarrow as pa

    many = pa.concat_tables([rows.slice(0, 1)] * count).combine_chunks()
    many = with_column(many, "row_number", list(range(1, count + 1)))
    many = with_column(many, "txn_id", [f"808-{n:07d}" for n in range(count)])
    many = with_column(many, "clearing_ref", [f"C{n:08d}" for n in range(count)])
    return with_column(many, "receiver_account_t1", [os.urandom(32) for _ in range(count)])


@attack(
    Attack(
        "100,000 never-seen identifiers",
        Side.INTAKE,
        "a submission names 100,000 accounts of others that nobody has named: a dictionary tried through the room",
        "單一批次出現十萬個前所未見之他機構帳戶（字典試探）",
        refused=errors.QualityGateFailed,
        rule="never_seen_identifiers",
        verb="submission.quarantined",
    )
)
@pytest.mark.slow
def test_a_dictionary_of_accounts(case, landed):
    second = may(landed)
    second.replace_rows(lambda rows: with_strangers(rows, 100_000))
    refused_in_the_room(case, second, state=UploadState.QUARANTINED)

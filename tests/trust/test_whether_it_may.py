"""Standing: an agreement in force, an active participant, the ratified text, and a clock that is right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cleanroom import errors
from tests.factories.attacks import Attack, Side, attack
from tests.factories.refusing import refused_in_the_room
from tests.fakes.portal import signed_mou, specification_in_force

REFUSED = "submission.refused"


def standing(name, done, done_zh, refused, rule, **changes):
    return Attack(name, Side.INTAKE, done, done_zh, refused=refused, rule=rule, verb=REFUSED, means=lambda: changes)


def today(days: int):
    return (datetime.now(UTC) + timedelta(days=days)).date()


@attack(
    standing(
        "expired agreement", "the MoU ended the day before yesterday", "合作備忘錄已到期",
        errors.MouNotInForce, "mou_in_time", mou=signed_mou(expires_on=today(-2)),
    ),
    standing(
        "agreement that has not begun", "the MoU begins in a week", "合作備忘錄尚未生效",
        errors.MouNotInForce, "mou_in_time", mou=signed_mou().model_copy(update={"valid_from": today(7)}),
    ),
    standing(
        "unsigned agreement", "nobody has signed the MoU", "合作備忘錄未簽署",
        errors.MouNotInForce, "mou_signed", mou=signed_mou().model_copy(update={"signed_at": None}),
    ),
    standing(
        "no agreement at all", "there is no MoU", "無合作備忘錄", errors.MouNotInForce, "mou_signed", mou=None,
    ),
    standing(
        "suspended participant", "the participant was suspended after sealing", "封裝後參與機構遭停權",
        errors.UnknownInstitution, "participant_state", state="suspended",
    ),
    standing(
        "participant that left", "the participant left after sealing", "封裝後參與機構退出",
        errors.UnknownInstitution, "participant_state", state="left",
    ),
    standing(
        "specification with another text", "another text was ratified than the room holds", "規格文字與核定者不同",
        errors.SpecificationNotInForce, "specification_digest", specification=specification_in_force(digest="0" * 64),
    ),
    standing(
        "no specification in force", "nothing was ratified", "尚無生效之規格",
        errors.SpecificationNotInForce, "specification_in_force", specification=None,
    ),
)  # fmt: skip
def test_a_participant_that_may_not_submit(case, waiting):
    waiting.room.portal.change("808", **case.means())
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "specification version that is not in force",
        Side.INTAKE,
        "the manifest declares version 2",
        "宣告未生效之規格版本",
        refused=errors.SpecificationNotInForce,
        rule="specification_version",
        verb=REFUSED,
    )
)
def test_a_specification_version_that_is_not_in_force(case, waiting):
    waiting.sign_again(specification_version=2)
    refused_in_the_room(case, waiting)


@attack(
    Attack(
        "submission over the size cap",
        Side.INTAKE,
        "the folder has more bytes than the room takes",
        "批次超過位元組上限",
        refused=errors.TooLarge,
        rule="size_cap",
        verb=REFUSED,
    )
)
def test_too_many_bytes(case, waiting):
    room = waiting.room
    room.settings = replace(room.settings, upload_cap_bytes=100)
    error = refused_in_the_room(case, waiting)
    assert "100" in str(error)

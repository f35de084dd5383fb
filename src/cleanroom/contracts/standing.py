"""Whether a participant's standing lets it submit now. The same questions at the institution and in the room."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from cleanroom.contracts.messages import ParticipantGate, RegisteredKey
from cleanroom.contracts.specification import Specification, load_specification
from cleanroom.errors import KeyRefused, MouNotInForce, SpecificationNotInForce, UnknownInstitution
from cleanroom.vocabulary.both import Both

TAIPEI = ZoneInfo("Asia/Taipei")


def check_active(gate: ParticipantGate) -> None:
    if gate.state != "active":
        raise UnknownInstitution(
            f"participant {gate.participant} is {gate.state}; only active participants submit",
            zh=f"參與機構 {gate.participant} 狀態為 {gate.state}；僅啟用中之參與機構得上傳",
            rule="participant_state",
        )


def check_mou(gate: ParticipantGate, *, now: datetime) -> None:
    """Signed, begun and not expired, by the day in Taipei; the last day is included."""
    mou, today = gate.mou, now.astimezone(TAIPEI).date()
    if mou is None or mou.signed_at is None:
        raise MouNotInForce(
            f"participant {gate.participant} has not signed the MoU; its officer signs it in the portal",
            zh=f"參與機構 {gate.participant} 尚未簽署合作備忘錄；請由專責人員於入口網站簽署",
            rule="mou_signed",
        )
    if not mou.valid_from <= today <= mou.expires_on:
        said = _out_of_time(mou.version, mou.valid_from, mou.expires_on, today)
        raise MouNotInForce(said.en, zh=said.zh_hant, rule="mou_in_time")


def _out_of_time(version: str, first: date, last: date, today: date) -> Both:
    if today < first:
        return Both(
            f"MoU {version} begins on {first}; submit from then on",
            f"合作備忘錄 {version} 自 {first} 起生效；請於該日後上傳",
        )
    return Both(
        f"MoU {version} expired on {last}; sign its renewal in the portal",
        f"合作備忘錄 {version} 已於 {last} 屆期；請於入口網站簽署續約",
    )


def check_specification(gate: ParticipantGate, *, version: int, now: datetime) -> Specification:
    """The version submitted under must be the one in force, with the very text that was ratified."""
    standing = gate.specification
    if standing is None or standing.in_force_from is None or standing.in_force_from > now:
        raise SpecificationNotInForce(
            "no data specification is in force yet", zh="尚無施行中之資料規格", rule="specification_in_force"
        )
    if version != standing.version:
        raise SpecificationNotInForce(
            f"version {version} was declared, and version {standing.version} of the data specification is in force",
            zh=f"申報版本為 {version}，施行中之資料規格版本為 {standing.version}",
            rule="specification_version",
        )
    held = load_specification(version)
    if held.digest != standing.digest:
        raise SpecificationNotInForce(
            f"the text of version {version} here is not the one that was ratified; install the agreed release",
            zh=f"本機之第 {version} 版內容與核可者不同；請安裝約定版本",
            rule="specification_digest",
        )
    return held


def registered_signing_key(gate: ParticipantGate, kid: str) -> RegisteredKey:
    """The active signing key with this id. Raises KeyRefused."""
    for key in gate.keys:
        if key.purpose == "signing" and key.kid == kid:
            if key.state == "proposed":
                raise KeyRefused(
                    f"the signing key of participant {gate.participant} waits for a second person: its officer or the "
                    "key custodian approves it in the portal",
                    zh=f"參與機構 {gate.participant} 之簽章金鑰尚待第二人核准："
                    "請由其專責人員或金鑰保管人於入口網站核准",
                    rule="key_approved",
                )
            if key.state != "active":
                raise KeyRefused(
                    f"the signing key of participant {gate.participant} is revoked",
                    zh=f"參與機構 {gate.participant} 之簽章金鑰已撤銷",
                    rule="key_revoked",
                )
            return key
    raise KeyRefused(
        f"participant {gate.participant} has not registered this signing key; propose it with `cleanroom keys propose`",
        zh=f"參與機構 {gate.participant} 未登錄此簽章金鑰；請以 cleanroom keys propose 提出",
        rule="key_registered",
    )

"""Keys, MoU, specification and endpoints, each by the person whose act it is, through the portal's API."""

from datetime import date, timedelta
from pathlib import Path

from cleanroom.contracts.specification import LATEST, load_specification
from cleanroom.pipeline import keys, pins
from cleanroom.pipeline.key_registration import propose_participant_keys, propose_room_keys
from cleanroom.pipeline.rehearsal.people import People
from cleanroom.settings import ParticipantSettings, RoomSettings

MOU_VERSION = "1.0"
MOU_PURPOSES = ("fraud_prevention", "victim_care")
MOU_TEXT = """\
# Memorandum of understanding (rehearsal)

The parties join hashed records of transfers to find and stop scam money, and for no other purpose. No party learns
another's customers. Warnings propose; the institution that keeps the account decides. Records are kept as long as the
programme runs and destroyed when it ends. This text is a rehearsal's and binds nobody.
"""


def make_keys(home: Path, codes: list[str]) -> None:
    """Every side's ring. The first institution makes the shared first-hash key and seals it to each of the others."""
    room = RoomSettings(home=home)
    ring = keys.init_room_keys(room.keys, demo=True)
    founder, *others = codes
    founder_keys = participant_side(home, founder).keys
    keys.init_participant_keys(founder_keys, institution=founder, demo=True)
    for code in others:
        _share_key(home, founder_keys, code)
    pins.pin(room, keys.canary_card(founder_keys), ring=ring)


def _share_key(home: Path, founder_keys: Path, code: str) -> None:
    settings = participant_side(home, code)
    ring = keys.prepare_participant_keys(settings.keys, institution=code, demo=True)
    share = settings.keys / "k1.share"
    share.write_bytes(keys.export_k1(founder_keys, ring.recipient))
    try:
        keys.init_participant_keys(settings.keys, institution=code, demo=True, k1_from=share)
    finally:
        share.unlink()


def register_keys(home: Path, people: People, codes: list[str]) -> None:
    """Each side's service proposes its keys and proves them; the custodian approves the room's, officers their own."""
    service, custodian = (people.portal_as(people.who(role)) for role in ("room_service", "key_custodian"))
    room = propose_room_keys(keys.open_room_keys(RoomSettings(home=home)), post=service.post)
    custodian.post(f"/room-keys/{room.kid}/approve")
    for code in codes:
        _register_own_keys(home, people, code)


def _register_own_keys(home: Path, people: People, code: str) -> None:
    service, officer = (people.portal_as(people.who(role, code)) for role in ("upload_service", "participant_officer"))
    ring = keys.open_participant_keys(participant_side(home, code))
    for key in propose_participant_keys(ring, post=service.post):
        officer.post(f"/participants/{code}/keys/{key.kid}/approve")


def sign_mou(people: People, codes: list[str], *, begun: date) -> None:
    coordinator = people.portal_as(people.who("coordinator"))
    coordinator.post(
        "/mou",
        {
            "version": MOU_VERSION,
            "text": MOU_TEXT,
            "valid_from": str(begun - timedelta(days=1)),
            "expires_on": str(begun + timedelta(days=365)),
            "purposes": list(MOU_PURPOSES),
        },
    )
    for code in codes:
        people.portal_as(people.who("participant_officer", code)).post(f"/mou/{MOU_VERSION}/signatures")


def ratify_specification(people: People, codes: list[str]) -> None:
    specification = load_specification(LATEST)
    coordinator = people.portal_as(people.who("coordinator"))
    coordinator.post("/specifications", {"version": specification.version, "digest": specification.digest})
    for code in codes:
        steward = people.portal_as(people.who("data_steward", code))
        steward.post(f"/specifications/{specification.version}/ratifications")


def agree_endpoint(people: People, code: str, url: str) -> None:
    """Named by the institution's officer, approved by the coordinator."""
    people.portal_as(people.who("participant_officer", code)).post(f"/participants/{code}/endpoint", {"url": url})
    people.portal_as(people.who("coordinator")).post(f"/participants/{code}/endpoint/approve")


def participant_side(home: Path, code: str) -> ParticipantSettings:
    """One institution's side of a rehearsal under `home`."""
    own = home / "institutions" / code
    return ParticipantSettings(code, own, own / "data")

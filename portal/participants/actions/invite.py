"""Invite an institution."""

from django.db import transaction

from cleanroom.errors import NotAllowed, RequestInvalid
from cleanroom.vocabulary.terms import Sector
from portal.accounts.models import User
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.posting import one_of
from portal.common.said import said
from portal.participants.models import Participant


def invite_participant(*, by: User, code: str, name: str, name_zh: str, sector: Sector | str) -> Participant:
    """The same invitation again gives the participant that stands there; another under the same code is refused."""
    check_may(by, Permission.INVITE_PARTICIPANT)
    _check_form(code, name, name_zh)
    wanted = {"name": name, "name_zh": name_zh, "sector": one_of(Sector, sector).value}
    with transaction.atomic():
        known = Participant.objects.select_for_update().filter(code=code).first()
        if known:
            return _same(known, wanted)
        participant = Participant.objects.create(code=code, invited_by=by, **wanted)
        record(by=by, verb="participant.invited", subject=f"participant:{code}", detail={"sector": wanted["sector"]})
        return participant


def _check_form(code: str, name: str, name_zh: str) -> None:
    if not (code.isascii() and code.isdigit() and len(code) == 3):
        raise RequestInvalid(**said("an institution's code has three digits"))
    if not (name.strip() and name_zh.strip()):
        raise RequestInvalid(**said("give the institution's name in English and in Chinese"))


def _same(known: Participant, wanted: dict[str, str]) -> Participant:
    if any(getattr(known, field) != value for field, value in wanted.items()):
        raise NotAllowed(**said("an institution with other particulars was invited under this code"))
    return known

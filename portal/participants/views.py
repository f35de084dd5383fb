"""Pages of the participants."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.permissions import Permission, check_may, may, within_reach
from portal.common.posting import done, given
from portal.common.tables import configure, search, table_page
from portal.participants import queries
from portal.participants.actions.change_state import NEXT, change_state
from portal.participants.actions.invite import invite_participant
from portal.participants.actions.propose_endpoint import approve_endpoint, propose_endpoint
from portal.participants.checklist import checklist
from portal.participants.key_views import waiting_key
from portal.participants.models import SECTOR_NAMES, Participant
from portal.participants.tables import EndpointTable, KeyTable, ParticipantTable


@require_safe
def participants(request: HttpRequest) -> HttpResponse:
    reach = within_reach(request.user, Permission.READ_PARTICIPANT)
    rows = search(queries.participants_with_dates(reach), request, "code", "name", "name_zh")
    context = {"may_invite": may(request.user, Permission.INVITE_PARTICIPANT), "sectors": SECTOR_NAMES}
    return table_page(request, "participants/participants.html", ParticipantTable(rows), context)


@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    fields = {name: given(request, name) for name in ("code", "name", "name_zh", "sector")}
    return done(
        request, lambda: invite_participant(by=request.user, **fields),
        sentence=_("The institution is invited."), back="participants-one", code=fields["code"],
    )  # fmt: skip


@require_safe
def participant(request: HttpRequest, code: str) -> HttpResponse:
    check_may(request.user, Permission.READ_PARTICIPANT, institution=code)
    found = queries.participant_by_code(code)
    keys = KeyTable(found.keys.select_related("proposed_by", "approved_by"), prefix="keys-")
    endpoints = EndpointTable(found.endpoints.select_related("proposed_by", "approved_by"), prefix="endpoints-")
    configure(request, keys, endpoints)
    return render(request, "participants/participant.html", _facts(request, found, keys, endpoints))


def _facts(request: HttpRequest, found: Participant, keys: KeyTable, endpoints: EndpointTable) -> dict:
    def answer(permission: Permission):
        return may(request.user, permission, institution=found.code)

    return {
        "participant": found, "checklist": checklist(found), "keys": keys, "endpoints": endpoints,
        "mou": queries.mou_standing(found), "specification": queries.specification_standing(found),
        "people": found.people.filter(is_active=True).prefetch_related("grants").order_by("username"),
        "next_states": sorted(NEXT[Participant.State(found.state)]),
        "live_keys": found.keys.filter(revoked_at=None),
        "proposed_keys": [waiting_key(key, answer(Permission.APPROVE_KEY), request.user) for key in _proposed(found)],
        "proposal": found.endpoints.filter(approved_at=None, disabled_at=None).first(),
        "may_change": answer(Permission.CHANGE_PARTICIPANT_STATE), "may_propose_key": answer(Permission.PROPOSE_KEY),
        "may_revoke": answer(Permission.REVOKE_KEY),
        "may_propose": answer(Permission.PROPOSE_ENDPOINT), "may_approve": answer(Permission.APPROVE_ENDPOINT),
        "may_sign": answer(Permission.SIGN_MOU),
    }  # fmt: skip


def _proposed(found: Participant):
    return found.keys.proposed().select_related("proposed_by")


@require_POST
def change(request: HttpRequest, code: str) -> HttpResponse:
    return done(
        request,
        lambda: change_state(
            by=request.user, participant=code, to=given(request, "to"), reason=given(request, "reason")
        ),
        sentence=_("The institution's state is changed."), back="participants-one", code=code,
    )  # fmt: skip


@require_POST
def propose(request: HttpRequest, code: str) -> HttpResponse:
    return done(
        request, lambda: propose_endpoint(by=request.user, participant=code, url=given(request, "url")),
        sentence=_("The address is proposed. A second person approves it."), back="participants-one", code=code,
    )  # fmt: skip


@require_POST
def approve(request: HttpRequest, code: str) -> HttpResponse:
    return done(
        request, lambda: approve_endpoint(by=request.user, participant=code),
        sentence=_("Warnings are delivered to this address from now on."), back="participants-one", code=code,
    )  # fmt: skip

"""Pages of models and governance."""

from collections.abc import Callable
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from cleanroom.contracts.governance import SignOffRequest, WaiverRequest
from cleanroom.errors import RequestInvalid
from cleanroom.vocabulary.terms import ReleaseState
from portal.accounts.permissions import Permission, check_may, may, may_anywhere
from portal.common.filters import Filter, choices_of, narrow
from portal.common.posting import confirmed, done, given, message_of
from portal.common.said import said
from portal.common.tables import search, table_page
from portal.signoffs import dossier, ends, packs
from portal.signoffs.actions.hold import hold_release, lift_hold
from portal.signoffs.actions.release import publish_release, retire_release, suspend_release
from portal.signoffs.actions.sign import sign_release
from portal.signoffs.actions.submit import submit_release
from portal.signoffs.actions.waive import approve_waiver, request_waiver
from portal.signoffs.models import Release
from portal.signoffs.names import STATE_NAMES
from portal.signoffs.queries import release_of, suspended
from portal.signoffs.tables import ReleaseTable


@require_safe
def inventory(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_RELEASE)
    rows, filters = narrow(
        Release.objects.select_related("developer").defer("draft", "certificate"),
        request,
        Filter("state", gettext_lazy("State"), "state", choices_of(STATE_NAMES)),
        Filter("tier", gettext_lazy("Risk tier"), "tier", (("R1", "R1"), ("R2", "R2"), ("R3", "R3"))),
    )
    rows = search(rows, request, "release_id", "model", "use_case", "developer__username")
    context = {
        "filters": filters,
        "suspended": suspended(),
        "endings": ends.ending_soon(now=timezone.now()),
        "may_read_incidents": may_anywhere(request.user, Permission.READ_INCIDENTS),
    }
    return table_page(request, "signoffs/inventory.html", ReleaseTable(rows), context)


@require_safe
def release(request: HttpRequest, release_id: str) -> HttpResponse:
    check_may(request.user, Permission.READ_RELEASE)
    opened = dossier.open_dossier(release_of(release_id), now=timezone.now())
    person = request.user
    context = {
        "d": opened,
        "release": opened.release,
        "draft": opened.record.draft,
        "certificate": opened.release.certificate,
        "desk": dossier.desk_of(person, opened.record, opened.missing, opened.receivers),
        "own_hold": opened.release.holds.filter(participant=person.institution, in_force=True).first(),
        "holds": opened.release.holds.filter(in_force=True).select_related("participant"),
        "moves": opened.release.moves.select_related("by"),
        "packs": packs.offered(opened.release),
        "suspended": opened.release.moves.filter(to_state=ReleaseState.SUSPENDED).select_related("by").last(),
        "ending": ends.of_certificate(opened.release, now=opened.judged_at),
        "waiver_ends": ends.of_waivers(opened.release, opened.policy, now=opened.judged_at),
        "incidents": opened.release.incidents.all(),
        "may": _may(person),
        "states": ReleaseState,
    }
    return render(request, "signoffs/release.html", context)


def _may(person) -> dict:
    """What the buttons ask, by name."""
    return {
        "submit": may(person, Permission.SUBMIT_RELEASE),
        "sign": may(person, Permission.SIGN_RELEASE),
        "waive": may(person, Permission.REQUEST_WAIVER),
        "approve_waiver": may(person, Permission.APPROVE_WAIVER),
        "release": may(person, Permission.PUBLISH_RELEASE),
        "suspend": may(person, Permission.SUSPEND_RELEASE),
        "hold": may(person, Permission.HOLD_RELEASE, institution=person.institution_code),
        "read_incidents": may(person, Permission.READ_INCIDENTS),
        "report": may(person, Permission.REPORT_INCIDENT),
    }


def _posted(request: HttpRequest, release_id: str, work: Callable[[], object], sentence: str) -> HttpResponse:
    return done(request, work, sentence=sentence, back="signoffs-release", release_id=release_id)


@require_safe
def pack_file(request: HttpRequest, release_id: str, pack: str, name: str) -> HttpResponse:
    """The whole pack (`pack.zip`), or one of its files. Always a download: nothing in it is shown as a page of ours."""
    check_may(request.user, Permission.READ_RELEASE)
    raw = packs.file_of(release_of(release_id), pack, name)
    response = HttpResponse(raw, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{release_id}-{name}"'
    return response


@require_POST
def submit(request: HttpRequest, release_id: str) -> HttpResponse:
    return _posted(
        request, release_id, lambda: submit_release(release_id, by=request.user), _("It waits for its sign-offs now.")
    )


@require_POST
def sign(request: HttpRequest, release_id: str) -> HttpResponse:
    confirmed(request)
    wanted = message_of(
        SignOffRequest,
        role=given(request, "role"),
        decision=given(request, "decision"),
        subject_digest=given(request, "subject_digest"),
        comment=request.POST.get("comment", "").strip(),
    )
    return _posted(
        request, release_id, lambda: sign_release(release_id, wanted, by=request.user), _("Your signature is kept.")
    )


@require_POST
def waive(request: HttpRequest, release_id: str) -> HttpResponse:
    wanted = message_of(
        WaiverRequest,
        control_id=given(request, "control_id"),
        reason=given(request, "reason"),
        compensating_control=given(request, "compensating_control"),
        owner=given(request, "owner"),
        ends_on=_day(given(request, "ends_on")),
    )
    sentence = _("The waiver is asked for; a second person must approve it.")
    return _posted(request, release_id, lambda: request_waiver(release_id, wanted, by=request.user), sentence)


@require_POST
def waive_approve(request: HttpRequest, release_id: str, control_id: str) -> HttpResponse:
    return _posted(
        request, release_id, lambda: approve_waiver(release_id, control_id, by=request.user), _("The waiver counts.")
    )


@require_POST
def publish(request: HttpRequest, release_id: str) -> HttpResponse:
    confirmed(request)
    return _posted(
        request, release_id, lambda: publish_release(release_id, by=request.user), _("The model is released.")
    )


@require_POST
def suspend(request: HttpRequest, release_id: str) -> HttpResponse:
    reason = given(request, "reason")
    sentence = _("The release is suspended: nothing is scored or sent under it.")
    return _posted(request, release_id, lambda: suspend_release(release_id, reason=reason, by=request.user), sentence)


@require_POST
def retire(request: HttpRequest, release_id: str) -> HttpResponse:
    confirmed(request)
    reason = given(request, "reason")
    return _posted(
        request,
        release_id,
        lambda: retire_release(release_id, reason=reason, by=request.user),
        _("The release is retired."),
    )


@require_POST
def hold(request: HttpRequest, release_id: str) -> HttpResponse:
    reason = given(request, "reason")
    sentence = _("The release is held for your institution's traffic.")
    return _posted(request, release_id, lambda: hold_release(release_id, reason=reason, by=request.user), sentence)


@require_POST
def let_go(request: HttpRequest, release_id: str) -> HttpResponse:
    sentence = _("The release is no longer held for your institution's traffic.")
    return _posted(request, release_id, lambda: lift_hold(release_id, by=request.user), sentence)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RequestInvalid(**said("Give the day as year-month-day.")) from None

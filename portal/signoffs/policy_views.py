"""Pages of the policy: what is in force, what another version would change, and the check form."""

import json
from base64 import b64encode

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from cleanroom.errors import FormInvalid, PolicyInvalid, RequestInvalid, TooLarge
from cleanroom.governance.reports import form
from portal.accounts.permissions import Permission, check_may, may
from portal.common.problems import status_of
from portal.common.said import said
from portal.signoffs import candidates
from portal.signoffs.models import Release
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import release_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REFUSED = 422


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_RELEASE)
    return _page(request)


@require_POST
def try_policy(request: HttpRequest) -> HttpResponse:
    """The candidate replayed over past releases. Nothing of it is kept; one with errors is given back to be mended."""
    check_may(request.user, Permission.REPLAY_POLICY)
    name, raw = _candidate_sent(request)
    part = _part(request.POST.get("part", "1"))
    try:
        replay = candidates.replayed(candidates.candidate(raw, name=name), part=part)
    except (PolicyInvalid, TooLarge) as e:
        refused = {"policy_faults": candidates.faults_of_policy(e, raw), "file": name, "part": part}
        return _page(request, {**refused, "given_back": candidates.text_of(raw)}, status=status_of(e))
    told, found = candidates.as_dict(replay), replay.found
    context = {
        "replay": replay,
        "found": found,
        "told": told,
        "changed": [r for r in found.releases if r.changes],
        "same": [r for r in found.releases if not r.changes],
        "json": _packed(json.dumps(told, ensure_ascii=False, indent=1)),
        "now": timezone.now(),
    }
    return render(request, "signoffs/what_if.html", context)


def _candidate_sent(request: HttpRequest) -> tuple[str, bytes]:
    """Name and content: the file, or the text that was given back with its errors and mended on the page."""
    sent = request.FILES.get("policy")
    if sent is not None:
        return sent.name, sent.read(candidates.CAP_BYTES + 1)
    if text := request.POST.get("text", "").replace("\r\n", "\n"):
        return request.POST.get("name", "")[:120] or "policy.yaml", text.encode()
    raise RequestInvalid(**said("Choose a file first."))


def _part(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) > 0):
        raise RequestInvalid(**said("Choose one of the parts that the form offers."))
    return int(text[:6])


@require_POST
def read_form(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_RELEASE)
    sent = _form_sent(request)
    try:
        rows = candidates.rows_in_form(sent.read(form.LARGEST_BYTES + 1))
    except FormInvalid as e:
        return _page(request, {"form_faults": candidates.faults_of_form(e), "file": sent.name}, status=REFUSED)
    context = {"rows": rows, "yaml": _packed(candidates.as_yaml(rows)), "file": sent.name}
    return render(request, "signoffs/form_read.html", context)


@require_safe
def empty_form(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_RELEASE)
    return _spreadsheet(candidates.form_of_policy(), f"check-form-{current_policy().version}.xlsx")


@require_safe
def release_form(request: HttpRequest, release_id: str) -> HttpResponse:
    check_may(request.user, Permission.READ_RELEASE)
    release = release_of(release_id)
    return _spreadsheet(candidates.form_of_release(release, now=timezone.now()), f"check-form-{release_id}.xlsx")


def _page(request: HttpRequest, more: dict | None = None, status: int = 200) -> HttpResponse:
    held = Release.objects.count()
    context = {
        "policy": current_policy(),
        "documents": len(form.documents_of(current_policy())),
        "releases": held,
        "parts": candidates.part_names(held),
        "may_replay": may(request.user, Permission.REPLAY_POLICY),
        "cap": candidates.CAP_BYTES // 1024,
        "form_cap": form.LARGEST_BYTES // 1024**2,
        **(more or {}),
    }
    return render(request, "signoffs/policy.html", context, status=status)


def _form_sent(request: HttpRequest) -> UploadedFile:
    sent = request.FILES.get("form")
    if sent is None:
        raise RequestInvalid(**said("Choose a file first."))
    return sent


def _packed(text: str) -> str:
    """For a link that holds the file itself: what was tried out is not kept for a second request."""
    return b64encode(text.encode()).decode()


def _spreadsheet(raw: bytes, name: str) -> HttpResponse:
    response = HttpResponse(raw, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response

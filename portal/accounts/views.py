"""People, and who may do what."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cleanroom.errors import NotFound
from cleanroom.vocabulary.terms import Role
from portal.accounts import queries
from portal.accounts.actions.people import (
    add_person,
    change_own_password,
    deactivate_person,
    grant_role,
    issue_token,
    withdraw_role,
)
from portal.accounts.actions.second_factor import remove_second_factor
from portal.accounts.names import ROLE_NAMES
from portal.accounts.permissions import ACTS, RIGHTS, Permission, Scope, check_may
from portal.accounts.tables import PeopleTable
from portal.common.posting import done, given, one_of
from portal.common.said import said
from portal.common.tables import search, table_page


def password(request: HttpRequest) -> HttpResponse:
    """Everybody changes their own password."""
    if request.method != "POST":
        return render(request, "accounts/password.html")
    change_own_password(by=request.user, old=given(request, "old"), new=given(request, "new"))
    update_session_auth_hash(request, request.user)
    messages.success(request, _("Your password is changed."))
    return redirect("home")


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_PEOPLE)
    rows = search(queries.people(), request, "username", "full_name", "institution__code", "grants__role").distinct()
    return table_page(request, "accounts/people.html", PeopleTable(rows), queries.form_choices(request.user))


@require_safe
def rights(request: HttpRequest) -> HttpResponse:
    """The table that the actions themselves read."""
    rows = [(ACTS[p], [_cell(RIGHTS[p].get(role)) for role in Role]) for p in Permission]
    return render(request, "accounts/rights.html", {"roles": [ROLE_NAMES[role] for role in Role], "rows": rows})


def _cell(scope: Scope | None) -> str:
    return {None: "", Scope.ALL: _("all"), Scope.OWN: _("own")}[scope]


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    is_service = request.POST.get("kind") == "service"
    return done(
        request,
        lambda: add_person(
            by=request.user, username=given(request, "username"), full_name=given(request, "full_name"),
            institution=request.POST.get("institution") or None, is_service=is_service,
            password=None if is_service else given(request, "password"),
        ),
        sentence=_("The account is made. Give it its roles now."), back="people",
    )  # fmt: skip


@require_POST
def change_role(request: HttpRequest) -> HttpResponse:
    act = withdraw_role if request.POST.get("change") == "withdraw" else grant_role
    return done(
        request, lambda: act(by=request.user, user=_user(request), role=_role(request)),
        sentence=_("The person's roles are changed."), back="people",
    )  # fmt: skip


@require_POST
def deactivate(request: HttpRequest) -> HttpResponse:
    return done(
        request, lambda: deactivate_person(by=request.user, user=_user(request)),
        sentence=_("The account is closed and its tokens are revoked."), back="people",
    )  # fmt: skip


@require_POST
def remove_factor(request: HttpRequest) -> HttpResponse:
    return done(
        request, lambda: remove_second_factor(by=request.user, user=_user(request)),
        sentence=_("The second factor is removed; the person sets up a new one."), back="people",
    )  # fmt: skip


@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Shown on this one answer and never again."""
    user = _user(request)
    fresh = issue_token(by=request.user, user=user, label=given(request, "label"))
    response = render(request, "accounts/token.html", {"token": fresh, "of": user})
    response["Cache-Control"] = "no-store"
    return response


def _user(request: HttpRequest):
    found = queries.person_by_name(given(request, "username"))
    if found is None:
        raise NotFound(**said("nobody has this user name"))
    return found


def _role(request: HttpRequest) -> Role:
    return one_of(Role, given(request, "role"))

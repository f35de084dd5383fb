"""Make the demo consortium's institutions, people and services, through the same actions as everybody else's."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed
from portal.accounts.actions.people import (
    add_person,
    found_portal,
    grant_capacity,
    grant_role,
    issue_token,
    set_password,
)
from portal.accounts.consortium import FOUNDER, Plan, Seat, seats
from portal.accounts.models import User
from portal.accounts.tokens import holder_of
from portal.common.said import said
from portal.participants.actions.invite import invite_participant
from portal.programme.actions import adopt_plan
from portal.programme.plans import load_plan

Login = dict[str, Any]
TOKEN_LABEL = "demo"  # noqa: S105  a label


def make_consortium(plan: Plan, *, known: Mapping[str, Login]) -> list[Login]:
    """Everyone's login: username, full_name, password, roles, capacities, institution, api_token.

    `known`: logins that an earlier run wrote, by username; those that still work are kept, others are renewed.
    Raises NotAllowed in production, and where the portal was founded by someone real.
    """
    if settings.PRODUCTION:
        raise NotAllowed(**said("the demo's people are not made in production"))
    with transaction.atomic():  # everybody or nobody; and one commit instead of a hundred
        return _make(plan, known)


def _make(plan: Plan, known: Mapping[str, Login]) -> list[Login]:
    founder, founder_login = _founder(known.get(FOUNDER.username))
    logins = [founder_login]
    coordinator_login = _seat(seats_by_name(plan)["coordinator"], founder, known)
    coordinator = User.objects.get(username="coordinator")
    for institution in plan.institutions:
        invite_participant(by=coordinator, **institution.model_dump())
    adopt_plan(by=coordinator, phases=load_plan(), starts_on=timezone.localdate().replace(day=1))
    for seat in seats(plan):
        logins.append(coordinator_login if seat.username == "coordinator" else _seat(seat, founder, known))
    return logins


def seats_by_name(plan: Plan) -> dict[str, Seat]:
    return {seat.username: seat for seat in seats(plan)}


def _founder(known: Login | None) -> tuple[User, Login]:
    user = User.objects.filter(username=FOUNDER.username).first()
    if user is None:
        password = _new_password()
        user = found_portal(username=FOUNDER.username, full_name=FOUNDER.full_name, password=password, is_demo=True)
        known = {"password": password, "new": True}
    if not user.is_demo:
        raise NotAllowed(**said("this portal has real people; the demo needs a portal of its own"))
    return user, _login(FOUNDER, user, user, known)


def _seat(seat: Seat, by: User, known: Mapping[str, Login]) -> Login:
    user = User.objects.filter(username=seat.username).first()
    login = known.get(seat.username)
    if user is None:
        password = None if seat.is_service else _new_password()
        user = add_person(
            by=by, username=seat.username, full_name=seat.full_name, institution=seat.institution,
            password=password, is_service=seat.is_service, is_demo=True,
        )  # fmt: skip
        login = {"password": password, "new": True}
    for role in seat.roles:
        grant_role(by=by, user=user, role=role)
    for capacity in seat.capacities:
        grant_capacity(by=by, user=user, capacity=capacity)
    return _login(seat, user, by, login)


def _login(seat: Seat, user: User, by: User, known: Login | None) -> Login:
    known = known or {}
    return {
        "username": user.username,
        "full_name": user.full_name,
        "password": None if seat.is_service else _working_password(user, by, known),
        "roles": [role.value for role in seat.roles],
        "capacities": [capacity.value for capacity in seat.capacities],
        "institution": seat.institution,
        "api_token": _working_token(user, by, known.get("api_token")),
    }


def _working_password(user: User, by: User, known: Login) -> str:
    password = known.get("password")
    if password and (known.get("new") or user.check_password(password)):
        return password
    password = _new_password()
    set_password(by=by, user=user, password=password)
    return password


def _working_token(user: User, by: User, token: str | None) -> str:
    if token and holder_of(token) == user:
        return token
    return issue_token(by=by, user=user, label=TOKEN_LABEL)


def _new_password() -> str:
    return secrets.token_urlsafe(12)

"""People and services: founding, adding, roles, capacities, deactivating, tokens."""

from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed, RequestInvalid
from cleanroom.vocabulary.terms import Role, SignOffRole
from portal.accounts.models import ApiToken, CapacityGrant, RoleGrant, User
from portal.accounts.names import INCOMPATIBLE, OF_AN_INSTITUTION, ROLE_NAMES, SERVICES
from portal.accounts.permissions import Permission, check_may
from portal.accounts.tokens import digest_of_token, new_token
from portal.audit.actions import record
from portal.common.said import in_both, said
from portal.participants.queries import participant_by_code

TOKEN_LIFE = timedelta(days=90)


def found_portal(*, username: str, full_name: str, password: str, is_demo: bool = False) -> User:
    """Make the first platform administrator, whom nobody can appoint. Refused once there is any user."""
    with transaction.atomic():
        if User.objects.exists():
            raise NotAllowed(
                **said("the portal has its first administrator already; ask an administrator for an account")
            )
        user = User(username=username, full_name=full_name, is_demo=is_demo)
        _set_password(user, password)
        user.save()
        RoleGrant.objects.create(user=user, role=Role.PLATFORM_ADMINISTRATOR, granted_by=user)
        record(by=user, verb="portal.founded", subject=f"person:{username}")
        return user


def add_person(
    *, by: User, username: str, full_name: str, institution: str | None = None, password: str | None = None,
    is_service: bool = False, is_demo: bool = False,
) -> User:  # fmt: skip
    """A person signs in with `password`; a service has none and calls the API with a token."""
    check_may(by, Permission.MANAGE_PEOPLE)
    if is_service == (password is not None):
        raise RequestInvalid(**said("a person has a password and a service has none"))
    with transaction.atomic():
        if User.objects.filter(username=username).exists():
            raise NotAllowed(**said("this user name is taken"))
        user = User(
            username=username, full_name=full_name, is_service=is_service, is_demo=is_demo,
            institution=participant_by_code(institution) if institution else None,
        )  # fmt: skip
        _set_password(user, password)
        user.save()
        detail = {"institution": institution, "service": is_service, "demo": is_demo}
        record(by=by, verb="person.added", subject=f"person:{username}", detail=detail)
        return user


def set_password(*, by: User, user: User, password: str) -> None:
    """An administrator gives a person a new password."""
    check_may(by, Permission.MANAGE_PEOPLE)
    if user.is_service:
        raise NotAllowed(**said("a service has no password"))
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        _set_password(user, password)
        user.save(update_fields=["password"])
        record(by=by, verb="person.password_set", subject=f"person:{user.username}")


def change_own_password(*, by: User, old: str, new: str) -> None:
    """Everybody's own; it takes the password in use."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=by.pk)
        if not locked.check_password(old):
            raise NotAllowed(**said("the password in use is another"))
        _set_password(by, new)
        by.save(update_fields=["password"])
        record(by=by, verb="person.password_changed", subject=f"person:{by.username}")


def _set_password(user: User, password: str | None) -> None:
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as e:
            faults = e
            raise RequestInvalid(**in_both(lambda: " ".join(faults.messages))) from None
    user.set_password(password)  # None makes it unusable


def grant_role(*, by: User, user: User, role: Role) -> RoleGrant:
    """Again: nothing changes."""
    check_may(by, Permission.MANAGE_PEOPLE)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if known := user.grants.filter(role=role).first():
            return known
        _check_role_fits(user, role, by)
        grant = RoleGrant.objects.create(user=user, role=role, granted_by=by)
        record(by=by, verb="role.granted", subject=f"person:{user.username}", detail={"role": role.value})
        return grant


def _check_role_fits(user: User, role: Role, by: User) -> None:
    if user.pk == by.pk:
        raise NotAllowed(**said("nobody gives a role to themselves"))
    if role in OF_AN_INSTITUTION and user.institution_id is None:
        raise NotAllowed(**said("the role %(role)s belongs to an institution's people", role=ROLE_NAMES[role]))
    if (role in SERVICES) != user.is_service:
        raise NotAllowed(**said("a service holds a service's role and a person a person's"))
    for held in user.roles:
        if frozenset({held, role}) in INCOMPATIBLE:
            raise NotAllowed(
                **said("%(role)s and %(held)s must be two people", role=ROLE_NAMES[role], held=ROLE_NAMES[held])
            )


def withdraw_role(*, by: User, user: User, role: Role) -> None:
    """Again: nothing changes."""
    check_may(by, Permission.MANAGE_PEOPLE)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        removed, _each = user.grants.filter(role=role).delete()
        if removed:
            record(by=by, verb="role.withdrawn", subject=f"person:{user.username}", detail={"role": role.value})


def grant_capacity(*, by: User, user: User, capacity: SignOffRole) -> CapacityGrant:
    """Let a person sign releases off in this capacity. Again: nothing changes."""
    check_may(by, Permission.MANAGE_PEOPLE)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if known := user.capacity_grants.filter(capacity=capacity).first():
            return known
        _check_capacity_fits(user, capacity)
        grant = CapacityGrant.objects.create(user=user, capacity=capacity, granted_by=by)
        detail = {"capacity": capacity.value}
        record(by=by, verb="capacity.granted", subject=f"person:{user.username}", detail=detail)
        return grant


def _check_capacity_fits(user: User, capacity: SignOffRole) -> None:
    of_institution = (SignOffRole.INSTITUTION_REVIEWER, SignOffRole.EXTERNAL_VALIDATOR)
    if user.is_service:
        raise NotAllowed(**said("a service signs nothing off"))
    if capacity in of_institution and user.institution_id is None:
        raise NotAllowed(**said("this capacity belongs to an institution's people"))


def deactivate_person(*, by: User, user: User) -> None:
    """Close an account and its tokens; what the person did stays on record. Again: nothing changes."""
    check_may(by, Permission.MANAGE_PEOPLE)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.pk == by.pk:
            raise NotAllowed(**said("nobody closes their own account"))
        if user.is_active:
            user.is_active = False
            user.save(update_fields=["is_active"])
            user.tokens.filter(revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by)
            record(by=by, verb="person.deactivated", subject=f"person:{user.username}")


def issue_token(*, by: User, user: User, label: str, life: timedelta = TOKEN_LIFE) -> str:
    """A new API token, shown this once; earlier ones of the same label are revoked."""
    check_may(by, Permission.ISSUE_TOKEN)
    token, now = new_token(), timezone.now()
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if not user.is_active:
            raise NotAllowed(**said("this account is closed"))
        user.tokens.filter(label=label, revoked_at=None).update(revoked_at=now, revoked_by=by)
        ApiToken.objects.create(
            user=user, digest=digest_of_token(token), label=label, created_by=by, created_at=now, expires_at=now + life
        )
        record(by=by, verb="token.issued", subject=f"person:{user.username}", detail={"label": label})
        return token

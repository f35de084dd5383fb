"""People and institutions for the portal's tests."""

from itertools import count

from cleanroom.vocabulary.terms import Role, SignOffRole
from portal.accounts.models import ApiToken, CapacityGrant, RoleGrant, User
from portal.accounts.names import SERVICES
from portal.accounts.tokens import digest_of_token, new_token
from portal.participants.models import Participant

_numbers = count(1)


def make_participant(code: str, *, state: str = "active", sector: str = "bank") -> Participant:
    """The institution with this code; made where it is missing."""
    found = Participant.objects.filter(code=code).first()
    return found or Participant.objects.create(
        code=code, name=f"Institution {code}", name_zh=f"機構{code}", sector=sector, state=state, invited_by=founder()
    )


def founder() -> User:
    """The platform's first administrator."""
    user, made = User.objects.get_or_create(username="founder", defaults={"full_name": "Founder"})
    if made:
        RoleGrant.objects.create(user=user, role=Role.PLATFORM_ADMINISTRATOR, granted_by=user)
    return user


def make_person(
    *roles: Role, institution: str | None = None, capacities: tuple[SignOffRole, ...] = (), username: str = ""
) -> User:
    """A person (or service, by role) with these roles; two calls make two people."""
    user = User.objects.create(
        username=username or f"{'-'.join(roles) or 'nobody'}-{next(_numbers)}",
        full_name=" ".join(roles) or "Nobody",
        institution=make_participant(institution) if institution else None,
        is_service=any(role in SERVICES for role in roles),
    )
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, granted_by=founder())
    for capacity in capacities:
        CapacityGrant.objects.create(user=user, capacity=capacity, granted_by=founder())
    return user


def token_for(user: User) -> str:
    """A fresh API token of this user."""
    from datetime import timedelta

    from django.utils import timezone

    token = new_token()
    ApiToken.objects.create(
        user=user, digest=digest_of_token(token), label="test", created_by=user,
        expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    return token

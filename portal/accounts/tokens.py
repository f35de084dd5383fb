"""API tokens: made once, kept as a digest, checked on each call."""

import hashlib
import secrets

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from portal.accounts.models import ApiToken, User

PREFIX = "fcr_"


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def digest_of_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def holder_of(token: str) -> User | None:
    """The active user whose live token this is; None otherwise, and for demo users in production."""
    now = timezone.now()
    found = (
        ApiToken.objects.select_related("user__institution")
        .filter(digest=digest_of_token(token), revoked_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if found is None or (found.user.is_demo and settings.PRODUCTION):
        return None
    return found.user


class TokenAuth(HttpBearer):
    """`request.auth` is the User."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        user = holder_of(token)
        if user is not None:
            request.user = user
        return user

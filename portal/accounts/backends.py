"""Sign-in by password."""

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from portal.accounts.models import User


class PersonBackend(BaseBackend):
    """Active people only: services have no password, and demo people none that counts in production."""

    def authenticate(self, request: HttpRequest, username: str | None = None, password: str | None = None, **_rest):
        user = User.objects.filter(username=username).first() if username else None
        if user is None:
            User().set_password(password)  # as slow as a check, so that the time does not tell which names exist
            return None
        return user if user.check_password(password or "") and self.may_sign_in(user) else None

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("institution").filter(pk=user_id).first()
        return user if user and self.may_sign_in(user) else None

    @staticmethod
    def may_sign_in(user: User) -> bool:
        return user.is_active and not user.is_service and not (user.is_demo and settings.PRODUCTION)

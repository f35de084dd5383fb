"""People and services, the roles they hold, the capacities they sign in, and their API tokens."""

from functools import cached_property

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cleanroom.vocabulary.terms import Role, SignOffRole
from portal.accounts.names import CAPACITY_NAMES, ROLE_NAMES


class UserManager(BaseUserManager):
    def get_by_natural_key(self, username: str) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser):
    """A person or a service. `institution` is empty for the programme's own staff and services."""

    username = models.CharField(_("User name"), max_length=80, unique=True)
    full_name = models.CharField(_("Name"), max_length=120)
    email = models.EmailField(blank=True)
    institution = models.ForeignKey(
        "participants.Participant", null=True, blank=True, on_delete=models.PROTECT, related_name="people"
    )
    is_service = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)  # refused at sign-in where the environment is production
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects = UserManager()

    def __str__(self) -> str:
        return self.full_name or self.username

    @cached_property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(role) for role in self.grants.values_list("role", flat=True))

    @cached_property
    def capacities(self) -> frozenset[SignOffRole]:
        """In which capacities this person may sign off a release."""
        return frozenset(SignOffRole(value) for value in self.capacity_grants.values_list("capacity", flat=True))

    @property
    def institution_code(self) -> str | None:
        return self.institution.code if self.institution else None


class RoleGrant(models.Model):
    """One role of one person. Roles that exclude each other are refused by a database trigger."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=40, choices=list(ROLE_NAMES.items()))
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="accounts_one_grant_per_role"),
            # Nobody gives a role to themselves; the first administrator, whom nobody could appoint, is the exception.
            models.CheckConstraint(
                condition=~Q(user=F("granted_by")) | Q(role=Role.PLATFORM_ADMINISTRATOR.value),
                name="accounts_no_role_by_oneself",
            ),
        ]


class CapacityGrant(models.Model):
    """In which capacity a person may sign off a release."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="capacity_grants")
    capacity = models.CharField(max_length=40, choices=list(CAPACITY_NAMES.items()))
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "capacity"], name="accounts_one_grant_per_capacity"),
            models.CheckConstraint(condition=~Q(user=F("granted_by")), name="accounts_no_capacity_by_oneself"),
        ]


class ApiToken(models.Model):
    """`digest`: SHA-256 of the token. The token has 256 random bits, so a plain hash is enough; it is shown once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="accounts_token_revoked_by_someone",
            ),
        ]


class SecondFactor(models.Model):
    """A person's one-time-code app. In use once `confirmed_at` is set; `last_step` keeps a code from counting twice."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="second_factor")
    sealed_secret = models.CharField(max_length=300)
    made_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)  # since the last code that was right
    failed_at = models.DateTimeField(null=True)

"""The second factor: set up, confirm, use at sign-in, remove."""

import time
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed, NotFound
from portal.accounts.models import SecondFactor, User
from portal.accounts.permissions import Permission, check_may
from portal.accounts.sealed import seal, unseal
from portal.accounts.totp import matching_step, new_secret
from portal.audit.actions import record
from portal.common.said import said

ALLOWED_FAILURES = 5
LOCK = timedelta(minutes=15)


def begin_second_factor(*, by: User) -> str:
    """A fresh secret for the person's app, to be confirmed by a code. One that is in use is not replaced."""
    secret = new_secret()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)
        if SecondFactor.objects.filter(user=by, confirmed_at__isnull=False).exists():
            raise NotAllowed(**said("a second factor is in use; remove it first"))
        SecondFactor.objects.update_or_create(user=by, defaults={"sealed_secret": seal(secret), "last_step": 0})
        record(by=by, verb="second_factor.begun", subject=f"person:{by.username}")
    return secret


def confirm_second_factor(*, by: User, code: str) -> None:
    """From now on sign-in asks for a code. Again: nothing changes."""
    with transaction.atomic():
        factor = _locked(by)
        if factor.confirmed_at is not None:
            return
        right = _take(factor, code)
        if right:
            factor.confirmed_at = timezone.now()
            factor.save(update_fields=["confirmed_at"])
            record(by=by, verb="second_factor.confirmed", subject=f"person:{by.username}")
    _refuse_unless(right)


def use_second_factor(*, by: User, code: str) -> None:
    """At sign-in. A wrong code is counted and recorded, and too many lock the factor for a while."""
    with transaction.atomic():
        factor = _locked(by)
        right = _take(factor, code)
        verb = "second_factor.used" if right else "second_factor.refused"
        record(by=by, verb=verb, subject=f"person:{by.username}")
    _refuse_unless(right)  # outside, so that the count and the event stay


def remove_second_factor(*, by: User, user: User) -> None:
    """An administrator, when the phone is lost. Again: nothing changes."""
    check_may(by, Permission.MANAGE_PEOPLE)
    with transaction.atomic():
        removed, _each = SecondFactor.objects.filter(user=user).delete()
        if removed:
            record(by=by, verb="second_factor.removed", subject=f"person:{user.username}")


def _locked(user: User) -> SecondFactor:
    factor = SecondFactor.objects.select_for_update().filter(user=user).first()
    if factor is None:
        raise NotFound(**said("no second factor is set up"))
    return factor


def _take(factor: SecondFactor, code: str) -> bool:
    """Whether the code is right; writes the step it used up, or the failure."""
    now = timezone.now()
    if factor.failures >= ALLOWED_FAILURES and factor.failed_at and now - factor.failed_at < LOCK:
        raise NotAllowed(**said("too many wrong codes; try again in 15 minutes"))
    step = matching_step(unseal(factor.sealed_secret), code.strip(), now=time.time(), after=factor.last_step)
    if step is None:
        factor.failures, factor.failed_at = factor.failures + 1, now
    else:
        factor.failures, factor.failed_at, factor.last_step = 0, None, step
    factor.save(update_fields=["failures", "failed_at", "last_step"])
    return step is not None


def _refuse_unless(right: bool) -> None:
    if not right:
        raise NotAllowed(**said("this code is not right, or was used already; wait for the next one"))

"""Sign-in in two steps: password, then the code of the second factor where one is in use."""

import time

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.actions.second_factor import begin_second_factor, confirm_second_factor, use_second_factor
from portal.accounts.models import SecondFactor, User
from portal.accounts.queries import second_factor_of
from portal.accounts.sealed import unseal
from portal.accounts.totp import address_for_app
from portal.common.posting import done, given

WAITS_SECONDS = 300  # how long a right password waits for its code
PENDING, ISSUER, BACKEND = "waits_for_code", "Financial Clean Room", "portal.accounts.backends.PersonBackend"


class SignIn(LoginView):
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def form_valid(self, form) -> HttpResponse:
        user = form.get_user()
        factor = second_factor_of(user)
        if factor is None or factor.confirmed_at is None:
            return super().form_valid(form)
        self.request.session.cycle_key()
        self.request.session[PENDING] = {"user": user.pk, "at": time.time(), "next": self.get_success_url()}
        return redirect("sign-in-code")


def code(request: HttpRequest) -> HttpResponse:
    """The second step; open to who gave a right password just now."""
    pending = request.session.get(PENDING)
    if not pending or time.time() - pending["at"] > WAITS_SECONDS:
        request.session.pop(PENDING, None)
        return redirect("login")
    if request.method != "POST":
        return render(request, "accounts/code.html")
    user = User.objects.get(pk=pending["user"])
    use_second_factor(by=user, code=given(request, "code"))
    login(request, user, backend=BACKEND)
    request.session.pop(PENDING, None)
    return redirect(pending["next"])


code.login_required = False


@require_safe
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set-up: the QR code stands here until a code confirms that the app has it."""
    factor = second_factor_of(request.user)
    context = {"factor": factor, "required": settings.SECOND_FACTOR_REQUIRED}
    if factor and factor.confirmed_at is None:
        context |= _for_app(request.user, factor)
    response = render(request, "accounts/second_factor.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _for_app(user: User, factor: SecondFactor) -> dict[str, str]:
    secret = unseal(factor.sealed_secret)
    picture = segno.make(address_for_app(secret, username=user.username, issuer=ISSUER))
    svg = picture.svg_inline(scale=5, title=_("QR code for the app"))
    return {"secret": secret, "qr": mark_safe(svg)}  # noqa: S308  drawn here, from the portal's own text


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    begin_second_factor(by=request.user)
    return redirect("second-factor")


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    return done(
        request, lambda: confirm_second_factor(by=request.user, code=given(request, "code")),
        sentence=_("The second factor is in use from now on."), back="home",
    )  # fmt: skip


class SecondFactorNeeded:
    """Where it is required (production), a person without one reaches nothing but its set-up."""

    OPEN = ("second-factor", "second-factor-begin", "second-factor-confirm", "logout", "set-language", "password")

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        signed_in = settings.SECOND_FACTOR_REQUIRED and request.user.is_authenticated
        if not signed_in or request.resolver_match.url_name in self.OPEN:
            return None
        factor = second_factor_of(request.user)
        if factor and factor.confirmed_at:
            return None
        messages.warning(request, _("Set up the second factor first: this portal asks everyone for one."))
        return redirect("second-factor")

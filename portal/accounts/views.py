"""Sign-in and sign-out."""

from django.contrib.auth.views import LoginView


class SignIn(LoginView):
    template_name = "accounts/login.html"
    redirect_authenticated_user = True

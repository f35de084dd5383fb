from django.contrib.auth.views import LogoutView
from django.urls import path

from portal.accounts import sign_in, views

urlpatterns = [
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("code/", sign_in.code, name="sign-in-code"),
    path("second-factor/", sign_in.second_factor, name="second-factor"),
    path("second-factor/begin/", sign_in.begin, name="second-factor-begin"),
    path("second-factor/confirm/", sign_in.confirm, name="second-factor-confirm"),
    path("second-factor/remove/", views.remove_factor, name="second-factor-remove"),
    path("", views.people, name="people"),
    path("password/", views.password, name="password"),
    path("rights/", views.rights, name="rights"),
    path("add/", views.add, name="people-add"),
    path("role/", views.change_role, name="people-role"),
    path("deactivate/", views.deactivate, name="people-deactivate"),
    path("token/", views.token, name="people-token"),
]

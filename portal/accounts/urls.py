from django.contrib.auth.views import LogoutView
from django.urls import path

from portal.accounts import views

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", views.people, name="people"),
    path("password/", views.password, name="password"),
    path("rights/", views.rights, name="rights"),
    path("add/", views.add, name="people-add"),
    path("role/", views.change_role, name="people-role"),
    path("deactivate/", views.deactivate, name="people-deactivate"),
    path("token/", views.token, name="people-token"),
]
